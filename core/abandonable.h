// Work that cannot be asked to stop, such as training by a library. It runs in a thread of its own. When the
// program is asked to stop (core/interrupt.h), the thread is left to itself.
//
// Not a child process: a process with threads must not be forked unless it then starts another program.
#pragma once

#include <functional>
#include <string>

namespace dragoman {

// What `work` returns, or throws what it throws. An abandoned `work` goes on after this function has thrown:
// it must own all that it uses. `name` stands in messages: "tokenizer training". DataError when there is no
// thread to be had; Interrupted.
std::string run_abandonable(const std::string& name, std::function<std::string()> work);

// Whether work was abandoned. The program must then end by std::_Exit: the thread may use what destructors
// of static objects take away.
bool work_was_abandoned();

}  // namespace dragoman
