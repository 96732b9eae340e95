#!/usr/bin/env python3
"""scripts/setup on machines without apt and dpkg: it goes by what is there, and names what is missing as the machine's own package
manager does. DRAGOMAN_TORCH names a LibTorch."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TORCH = os.environ.get("DRAGOMAN_TORCH", "")
PROJECT = pathlib.Path(__file__).resolve().parents[2]
# A compiler that lacks the headers named in LACKS.
COMPILER = """#!/bin/bash
text=$(cat)
for header in $LACKS; do
  [[ $text != *"<$header>"* ]] || exit 1
done
exec g++ "$@" <<< "$text"
"""


class Setup(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-setup-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        for part in ("scripts/setup", "scripts/format", "cmake/dependencies.cmake"):
            (self.folder / part).parent.mkdir(exist_ok=True)
            shutil.copy(PROJECT / part, self.folder / part)
        self.tools = self.folder / "tools"
        self.tools.mkdir()
        for folder in ("/usr/bin", "/bin", "/usr/sbin", "/sbin"):
            for tool in pathlib.Path(folder).iterdir():
                if not tool.name.startswith(("apt", "dpkg", "dnf", "pacman", "zypper")) and not (self.tools / tool.name).is_symlink():
                    (self.tools / tool.name).symlink_to(tool)
        self.make_tool("lacking-g++", COMPILER)

    def make_tool(self, name, text):
        (self.tools / name).write_text(text, encoding="utf-8")
        (self.tools / name).chmod(0o755)

    def set_up(self, lacks="", *flags):
        environment = {"PATH": str(self.tools), "HOME": str(self.folder), "CXX": "lacking-g++", "LACKS": lacks, "CMAKE_PREFIX_PATH": TORCH}
        return subprocess.run([str(self.folder / "scripts/setup"), *flags], env=environment, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=300, check=False, encoding="utf-8")

    def test_needs_neither_apt_nor_dpkg_when_all_is_there(self):
        result = self.set_up()
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertIn("all is there", result.stdout)
        self.assertFalse((self.folder / ".venv").exists())

    def test_names_what_is_missing_for_the_package_manager_of_the_machine(self):
        wanted = {"dnf": "dnf install cxxopts-devel json-devel", "pacman": "pacman -S --needed cxxopts nlohmann-json",
                  "zypper": "zypper install cxxopts-devel nlohmann_json-devel"}
        for manager, command in wanted.items():
            self.make_tool(manager, "#!/bin/sh\nexit 1\n")
            result = self.set_up("cxxopts.hpp nlohmann/json.hpp")
            (self.tools / manager).unlink()
            self.assertEqual(result.returncode, 1, result.stdout)
            self.assertEqual(result.stdout.strip(), f"setup: error: packages are missing. As root: {command}")
        result = self.set_up("zlib.h")
        self.assertIn("on Debian they are called zlib1g-dev", result.stdout)

    def test_what_a_package_manager_has_not_is_named_separately(self):
        self.make_tool("pacman", "#!/bin/sh\nexit 1\n")
        result = self.set_up("sentencepiece_trainer.h zlib.h")
        self.assertEqual(result.stdout.strip(),
                         "setup: error: packages are missing. As root: pacman -S --needed zlib; and from their own sources: sentencepiece_trainer.h")

    def test_a_missing_program_is_seen_as_well(self):
        (self.tools / "ninja").unlink()
        self.make_tool("dnf", "#!/bin/sh\nexit 1\n")
        self.assertIn("dnf install ninja-build", self.set_up().stdout)

    def test_without_ccache_the_set_up_is_complete(self):
        (self.tools / "ccache").unlink(missing_ok=True)
        self.assertEqual(self.set_up().returncode, 0)


if __name__ == "__main__":
    if not TORCH:
        sys.exit("setup_test: set DRAGOMAN_TORCH")
    unittest.main()
