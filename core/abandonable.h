// Work that cannot be stopped, such as training by a library. It runs in a separate thread. When the program
// is asked to stop (core/interrupt.h), the thread is abandoned.
//
// Not a child process: a process with threads must not be forked unless it then starts another program.
#pragma once

#include <functional>
#include <string>

namespace dragoman {

// What `work` returns, or throws what it throws. An abandoned `work` continues after this function has
// thrown: it must own all that it uses. `name` is used in messages: "tokenizer training". DataError when
// no thread can be started; Interrupted.
std::string run_abandonable(const std::string& name, std::function<std::string()> work);

// Whether work was abandoned. The program must then end by std::_Exit: the thread may use static
// objects, which a normal exit would destroy.
bool work_was_abandoned();

}  // namespace dragoman
