// Flags that mean the same in every command.
#pragma once

#include <cstdint>
#include <string>

#include "core/options.h"

namespace dragoman {

Option device_option(std::string& member);
Option threads_option(int64_t& member);
Option seed_option(int64_t& member);

}  // namespace dragoman
