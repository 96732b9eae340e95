// Counts how often the files of a folder are opened.
#pragma once

#include <sys/inotify.h>
#include <unistd.h>

#include <map>
#include <string>

namespace dragoman {

using OpenedFiles = std::map<std::string, int>;

// How often each file of a folder is opened while `action` runs. Nothing where the system cannot tell.
template <typename Action>
OpenedFiles opened_files(const std::string& folder, const Action& action) {
  const int watch = inotify_init1(IN_NONBLOCK);
  // Closes are watched too: equal events that follow each other become one.
  if (watch < 0 || inotify_add_watch(watch, folder.c_str(), IN_OPEN | IN_CLOSE) < 0) return {};
  action();
  OpenedFiles counts;
  alignas(inotify_event) char events[1 << 14];
  for (ssize_t bytes = 0; (bytes = ::read(watch, events, sizeof events)) > 0;) {
    for (const char* at = events; at < events + bytes;) {
      const auto* event = reinterpret_cast<const inotify_event*>(at);
      if (event->len > 0 && (event->mask & IN_OPEN) != 0) ++counts[event->name];
      at += sizeof(inotify_event) + event->len;
    }
  }
  ::close(watch);
  return counts;
}

inline OpenedFiles operator-(OpenedFiles counts, const OpenedFiles& others) {
  for (const auto& [name, count] : others) counts[name] -= count;
  return counts;
}

}  // namespace dragoman
