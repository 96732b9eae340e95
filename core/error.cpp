#include "core/error.h"

#include <cstring>

namespace dragoman {

Error::Error(ErrorKind kind, const std::string& where, const std::string& what)
    : std::runtime_error(where.empty() ? what : std::string("[").append(where).append("] ").append(what)),
      kind_(kind) {}

int Error::exit_code() const {
  switch (kind_) {
    case ErrorKind::kUsage:
    case ErrorKind::kConfig:
      return 2;
    case ErrorKind::kData:
      return 3;
    case ErrorKind::kModel:
      return 4;
  }
  return 1;
}

void fail(ErrorKind kind, const std::string& where, const std::string& what) {
  switch (kind) {
    case ErrorKind::kUsage:
      throw UsageError(where, what);
    case ErrorKind::kConfig:
      throw ConfigError(where, what);
    case ErrorKind::kData:
      throw DataError(where, what);
    case ErrorKind::kModel:
      throw ModelError(where, what);
  }
  throw std::logic_error("unknown ErrorKind");
}

std::string errno_text(int error_number) {
  return std::string(std::strerror(error_number)) + " (errno " + std::to_string(error_number) + ")";
}

void cannot(ErrorKind kind, const std::string& action, const std::string& path, int error_number) {
  fail(kind, "", "cannot " + action + " " + path + ": " + errno_text(error_number));
}

}  // namespace dragoman
