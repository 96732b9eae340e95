// Opening, reading and writing that may wait for another process (a pipe, a terminal, a socket), and that a
// request to stop ends: see interrupt.h. A signal that comes before the wait begins is not lost.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

namespace dragoman {

// open() for reading. A named pipe is opened without waiting for its writer. -1 with errno.
int open_to_read(const std::string& path);
// open() for writing to an existing file. Waits for the reader of a named pipe. -1 with errno;
// Interrupted.
int open_to_write(const std::string& path);

// As read(): waits for the first byte or the end. -1 with errno; Interrupted.
ssize_t read_waiting(int descriptor, void* data, size_t bytes);
// Whether read_waiting() would return at once.
bool is_readable_now(int descriptor);

// Writes all of it; false with errno; Interrupted.
bool write_all_waiting(int descriptor, const char* data, size_t bytes);

}  // namespace dragoman
