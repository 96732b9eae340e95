#include "core/machine.h"

#include <gtest/gtest.h>

#include "core/files.h"

namespace dragoman {
namespace {

TEST(Machine, ReadsWhatTheSystemTells) {
  const TemporaryFolder root;
  make_folder(root.path("proc"));
  make_folder(root.path("sys/fs/cgroup"));
  root.write("proc/cpuinfo",
             "processor\t: 0\nmodel name\t: Some CPU\nflags\t\t: sse avx2 fma avx512_vnni other\n");
  root.write("proc/meminfo", "MemTotal:       1000 kB\nMemFree: 1 kB\nMemAvailable:   600 kB\n");
  root.write("sys/fs/cgroup/memory.max", "512000\n");
  root.write("sys/fs/cgroup/cpu.max", "150000 100000\n");
  const Machine machine = describe_machine(root.path("."));
  EXPECT_EQ(machine.processor, "Some CPU");
  EXPECT_EQ(machine.features, (std::vector<std::string>{"avx2", "fma", "avx512_vnni"}));
  EXPECT_EQ(machine.memory, 1024000);
  EXPECT_EQ(machine.available_memory, 614400);
  EXPECT_EQ(machine.memory_limit, 512000);
  EXPECT_EQ(machine.processor_quota, 1.5);
  EXPECT_GE(machine.usable_processors, 1);
}

TEST(Machine, HasNoLimitsWhereNoneAreSet) {
  const TemporaryFolder root;
  make_folder(root.path("sys/fs/cgroup"));
  root.write("sys/fs/cgroup/memory.max", "max\n");
  root.write("sys/fs/cgroup/cpu.max", "max 100000\n");
  const Machine machine = describe_machine(root.path("."));
  EXPECT_EQ(machine.memory_limit, std::nullopt);
  EXPECT_EQ(machine.processor_quota, std::nullopt);
  EXPECT_EQ(machine.memory, 0);
  EXPECT_EQ(machine.processor, "");
}

}  // namespace
}  // namespace dragoman
