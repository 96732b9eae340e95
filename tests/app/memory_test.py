#!/usr/bin/env python3
"""No leak: resident memory stays where it is while 10,000 lines are translated.

DRAGOMAN_PROGRAM names the program; uses the model and the helpers of command_test.py.
"""

import pathlib
import subprocess
import threading
import unittest

import command_test
from command_test import PATIENCE, PROGRAM, CommandTest, Shared, as_bytes, generated_lines

setUpModule = command_test.setUpModule
tearDownModule = command_test.tearDownModule

LINES = 10_000
WARM = 2_000  # by then every buffer has met its longest line
ALLOWED = 4  # MiB above what it was then; one leaked hypothesis of 8 tokens a line would be about 1 MiB for each 100 bytes


def resident(process):
    """Resident memory, MiB."""
    status = pathlib.Path(f"/proc/{process.pid}/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) / 1024


class Memory(CommandTest):
    def test_is_flat_over_ten_thousand_lines(self):
        lines = [line.encode() for line in generated_lines(LINES, seed=5)]
        with subprocess.Popen([PROGRAM, "translate", "--model", str(Shared.model), "--threads", "1", "--max-length", "16",
                               "--max-batch-lines", "50"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE) as process:
            writer = threading.Thread(target=lambda: (process.stdin.write(as_bytes(lines)), process.stdin.close()))
            writer.start()
            sizes = []
            for number, _ in enumerate(process.stdout, start=1):
                if number % 500 == 0 and number < LINES:
                    sizes.append((number, resident(process)))
            writer.join()
            process.stdin = None
            self.assertEqual(process.wait(PATIENCE), 0, process.stderr.read())
        self.assertEqual(number, LINES)
        before = max(size for at, size in sizes if at <= WARM)
        after = max(size for at, size in sizes if at > WARM)
        self.assertLess(after, before + ALLOWED, sizes)


if __name__ == "__main__":
    unittest.main()
