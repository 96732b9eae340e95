#include "core/shared_options.h"

namespace dragoman {
namespace {

constexpr double kMany = 1e15;

}  // namespace

Option device_option(std::string& member) {
  return option(member, "device", "NAME", "auto, cpu, cuda or cuda:N");
}
Option threads_option(int64_t& member) {
  return option(member, "threads", "N", "threads of each operation; 0: one for each physical core")
      .at_least(0)
      .at_most(1024);
}
Option seed_option(int64_t& member) {
  return option(member, "seed", "N", "random seed").at_least(0).at_most(kMany);
}

}  // namespace dragoman
