// Work in a process of its own, for code that cannot be asked to stop: when the program is
// (core/interrupt.h), the process is killed.
#pragma once

#include <functional>
#include <string>

namespace dragoman {

// What `work` returns, computed in a forked process. `name` stands in messages: "tokenizer training". It may
// start threads; of the caller's it has none. std::runtime_error with the text of what it throws, and when
// the process ends otherwise; std::bad_alloc when memory is short; DataError when there is no process to be
// had; Interrupted.
std::string run_in_child(const std::string& name, const std::function<std::string()>& work);

}  // namespace dragoman
