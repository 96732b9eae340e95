// Errors that are not bugs of the program. The four kinds are named for what the caller can do about them; a
// broken contract between our own blocks is not one of them (TORCH_CHECK or std::logic_error: exit code 1).
#pragma once

#include <stdexcept>
#include <string>

namespace dragoman {

enum class ErrorKind {
  kUsage,   // a flag or a value on the command line, a device that does not exist   exit code 2
  kConfig,  // a settings file: run.json                                             exit code 2
  kData,    // input that cannot be read, output that cannot be written, bad pairs   exit code 3
  kModel,   // a model folder missing or damaged, config.json included               exit code 4
};

class Error : public std::runtime_error {
 public:
  // The message reads "[where] expected X, got Y"; `where` is a flag, file:line or file: tensor. With an
  // empty `where` it is `what` alone (see cannot()).
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

// "No such file or directory (errno 2)".
std::string errno_text(int error_number);

// Throws an Error that reads "cannot ACTION PATH: reason", for what the operating system refused:
// cannot(kData, "read", path, errno) gives "cannot read x.en: No such file or directory (errno 2)".
[[noreturn]] void cannot(ErrorKind kind, const std::string& action, const std::string& path,
                         int error_number);

}  // namespace dragoman
