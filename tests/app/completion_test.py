#!/usr/bin/env python3
"""A real shell completes what is typed: completion_test.py SHELL with bash, zsh or fish; exit code 77 without that shell.

bash and zsh run in a pseudo-terminal, where a line, a tab and the return key are typed; a stand-in for the program then writes
down the arguments that the shell gives it. fish prints its candidates itself. DRAGOMAN_PROGRAM names the program."""

import os
import pathlib
import pty
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import unittest

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PATIENCE = 60
SHELL = ""

STAND_IN = f"""#!/bin/bash
[[ $1 != --complete ]] || exec "{PROGRAM}" "$@"
printf '%s\\n' "$@" > arguments.new && mv arguments.new arguments
"""
START = {
    "bash": (["bash", "--norc", "--noprofile", "-i"], "source dragoman.bash"),
    "zsh": (["zsh", "-f", "-i"], "fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D"),
    "zsh, sourced": (["zsh", "-f", "-i"], "autoload -Uz compinit; compinit -u -D; source dragoman.zsh"),
}


class Terminal:
    """An interactive shell in a pseudo-terminal."""

    def __init__(self, how, folder):
        command, begin = START[how]
        self.folder = folder
        self.process, self.screen = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            environment = {"PATH": f"{folder / 'bin'}:/usr/bin:/bin", "HOME": str(folder), "TERM": "vt100", "LANG": "C.UTF-8", "PS1": "> "}
            os.execvpe(command[0], command, environment)
        self.shown = b""
        self.type(begin + "; dragoman ready\r")

    def type(self, keys):
        """Types, and waits until the stand-in was called; returns its arguments."""
        os.write(self.screen, keys.encode())
        answer, end = self.folder / "arguments", time.monotonic() + PATIENCE
        while not answer.exists():
            if time.monotonic() > end:
                raise AssertionError(f"nothing was called after {keys!r}; the terminal shows:\n{self.shown.decode(errors='replace')}")
            if select.select([self.screen], [], [], 0.02)[0]:
                self.shown += os.read(self.screen, 65536)
        words = answer.read_text(encoding="utf-8").splitlines()
        answer.unlink()
        return words

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.screen)


class Completion(unittest.TestCase):
    # What is typed before the tab, and the arguments that follow.
    CASES = (
        ("transl", ["translate"]),
        ("tokenizer enc", ["tokenizer", "encode"]),
        ("tokenizer train --tokenizer-ty", ["tokenizer", "train", "--tokenizer-type"]),
        ("train --max-ep", ["train", "--max-epochs"]),
        ("train --schedule cos", ["train", "--schedule", "cosine"]),
        ("train --schedule qq", ["train", "--schedule", "qq"]),
        ("translate --precision bf", ["translate", "--precision", "bfloat16"]),
        ("translate --precision=bf", ["translate", "--precision=bfloat16"]),
        ("evaluate --metrics bleu,te", ["evaluate", "--metrics", "bleu,ter"]),
        ("translate --model my", ["translate", "--model", "my model/"]),
        ("translate --model=my", ["translate", "--model=my model/"]),
        ("translate -m my", ["translate", "-m", "my model/"]),
        ("translate --input a", ["translate", "--input", "a text (1).en"]),
        ("average --from up", ["average", "--from", "update: 5.safetensors"]),
        ("average --settings my", ["average", "--settings", "my model/"]),
        ("import op", ["import", "opus $1.npz"]),
        ("import --vocab op", ["import", "--vocab", "opus $1.npz"]),
        ("import --positions hug", ["import", "--positions", "huggingface"]),
        ("--completion zs", ["--completion", "zsh"]),
        ("train --no-such-flag qq", ["train", "--no-such-flag", "qq"]),
    )

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-completion-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        (self.folder / "bin").mkdir()
        (self.folder / "bin" / "dragoman").write_text(STAND_IN, encoding="utf-8")
        (self.folder / "bin" / "dragoman").chmod(0o755)
        (self.folder / "functions").mkdir()
        for name, shell in (("functions/_dragoman", "zsh"), ("dragoman.zsh", "zsh"), ("dragoman.bash", "bash"), ("dragoman.fish", "fish")):
            (self.folder / name).write_bytes(self.script(shell))
        (self.folder / "my model").mkdir()
        for name in ("a text (1).en", "opus $1.npz", "update: 5.safetensors", "my text"):
            (self.folder / name).write_bytes(b"")

    def script(self, shell):
        return subprocess.run([PROGRAM, "--completion", shell], stdout=subprocess.PIPE, check=True, timeout=PATIENCE).stdout

    def check_in_terminal(self, how):
        terminal = Terminal(how, self.folder)
        self.addCleanup(terminal.close)
        for typed, expected in self.CASES:
            with self.subTest(how=how, typed=typed):
                words = terminal.type(f"dragoman {typed}\t\r")
                # zsh removes a slash that it has added when the return key follows.
                self.assertEqual([word.rstrip("/") for word in words], [word.rstrip("/") for word in expected])

    def test_completes_commands_flags_values_and_paths(self):
        if SHELL == "fish":
            self.check_fish()
        else:
            for how in START:
                if how.split(",")[0] == SHELL:
                    self.check_in_terminal(how)

    def check_fish(self):
        environment = {"PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "HOME": str(self.folder), "LANG": "C.UTF-8", "TERM": "dumb"}
        for typed, expected in self.CASES:
            with self.subTest(typed=typed):
                done = subprocess.run(["fish", "--no-config", "-c", "source dragoman.fish; complete -C \"$argv[1]\"", f"dragoman {typed}"],
                                      cwd=self.folder, env=environment, stdout=subprocess.PIPE, check=True, timeout=PATIENCE)
                offered = [line.split("\t")[0] for line in done.stdout.decode().splitlines()]
                if expected[-1] != typed.split(" ")[-1]:  # else nothing fits; fish then also looks into the descriptions
                    self.assertEqual(offered, [expected[-1]])


def main():
    global SHELL  # pylint: disable=global-statement
    if not PROGRAM or len(sys.argv) != 2:
        sys.exit("completion_test: set DRAGOMAN_PROGRAM and name a shell")
    SHELL = sys.argv.pop()
    if shutil.which(SHELL) is None:
        print(f"completion_test: skipped: there is no {SHELL} here")
        sys.exit(77)
    unittest.main()


if __name__ == "__main__":
    main()
