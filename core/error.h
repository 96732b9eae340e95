// What can go wrong through no fault of the program. The four kinds are named for what the caller can do
// about it; a broken contract between our own blocks is not one of them (TORCH_CHECK or std::logic_error:
// exit code 1).
#pragma once

#include <stdexcept>
#include <string>

namespace dragoman {

enum class ErrorKind {
  kUsage,   // a flag or a value on the command line, a device that is not there     exit code 2
  kConfig,  // a settings file: run.json                                             exit code 2
  kData,    // input that cannot be read, output that cannot be written, bad pairs   exit code 3
  kModel,   // a model folder missing or damaged, config.json included               exit code 4
};

class Error : public std::runtime_error {
 public:
  // The message reads "[where] what was required, got what"; `where` is a flag, file:line or file: tensor.
  Error(ErrorKind kind, const std::string& where, const std::string& what);

  ErrorKind kind() const { return kind_; }
  int exit_code() const;

 private:
  ErrorKind kind_;
};

struct UsageError : Error {
  UsageError(const std::string& where, const std::string& what) : Error(ErrorKind::kUsage, where, what) {}
};
struct ConfigError : Error {
  ConfigError(const std::string& where, const std::string& what) : Error(ErrorKind::kConfig, where, what) {}
};
struct DataError : Error {
  DataError(const std::string& where, const std::string& what) : Error(ErrorKind::kData, where, what) {}
};
struct ModelError : Error {
  ModelError(const std::string& where, const std::string& what) : Error(ErrorKind::kModel, where, what) {}
};

// Throws an Error of this kind.
[[noreturn]] void fail(ErrorKind kind, const std::string& where, const std::string& what);

// "No such file or directory (errno 2)" for the current or the given errno.
std::string errno_text(int error_number);

}  // namespace dragoman
