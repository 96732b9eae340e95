"""The programs that are compared, each loaded once and asked for one batch at a time."""

import contextlib
import dataclasses
import os
import pathlib
import subprocess

import machine

HERE = pathlib.Path(__file__).resolve().parent


@dataclasses.dataclass(frozen=True)
class Program:
    precisions: tuple
    script: str = ""  # of the peers' Python; "" for decode_server
    package: str = ""
    converted: bool = False  # reads CTranslate2's folder
    python: pathlib.Path = None  # of another environment than .venv-peers


PROGRAMS = {"dragoman": Program(("float32", "int8", "bfloat16")),
            "ctranslate2": Program(("float32", "int8"), "ctranslate2_server.py", "ctranslate2", converted=True),
            "transformers": Program(("float32",), "transformers_server.py", "transformers"),
            "joeynmt": Program(("float32",), "joeynmt_server.py", "joeynmt", python=machine.PYTHON)}
USUAL = [name for name, program in PROGRAMS.items() if not program.python]


def add_options(made):
    """What the scripts of this folder have in common on the command line."""
    project = machine.PROJECT
    made.add_argument("--dragoman", type=pathlib.Path, default=project / "build" / "release" / "dragoman",
                      metavar="PROGRAM", help="the program; decode_server is in the same folder (default: build/release/dragoman)")
    made.add_argument("--python", type=pathlib.Path, default=project / ".venv-peers" / "bin" / "python",
                      help="with the peers (default: .venv-peers)")
    made.add_argument("--rounds", type=int, default=5, help="measurements of each (default: %(default)s)")
    made.add_argument("--json", type=pathlib.Path, metavar="FILE", help="write all numbers there too")
    made.add_argument("--work", type=pathlib.Path, metavar="DIR", help="where temporary folders go")
    made.set_defaults(pin=False)


def convert(options, folder, converted):
    """CTranslate2's folder of a model folder."""
    subprocess.run([options.python.with_name("ct2-transformers-converter"), "--model", folder, "--output_dir", converted],
                   check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Server:
    def __init__(self, command, threads):
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads), "MKL_NUM_THREADS": str(threads)}
        self.name = str(command[-5] if len(command) > 5 else command[0])
        self.process = subprocess.Popen(list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True, env=environment)
        self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name} ended with {self.process.wait()}")
        return line

    def decode(self, batch, beam, length):
        """Seconds."""
        self.process.stdin.write(f"{batch} {beam} {length}\n")
        self.process.stdin.flush()
        return float(self.answer())

    def close(self):
        self.process.stdin.close()
        self.process.wait()


@contextlib.contextmanager
def running(options, names, folders, precision, threads):
    """{name: Server}; folders: Dragoman's and CTranslate2's."""
    with contextlib.ExitStack() as stack:
        servers = {}
        for name in names:
            program = PROGRAMS[name]
            head = ([program.python or options.python, "-B", HERE / program.script] if program.script
                    else [options.dragoman.with_name("decode_server")])
            servers[name] = Server([*head, folders[program.converted], precision, threads, folders[0] / "ids"], threads)
            stack.callback(servers[name].close)
        yield servers


def versions(options):
    found = {}
    for name in options.programs:
        package, python = PROGRAMS[name].package, PROGRAMS[name].python or options.python
        if not package:
            found[name] = machine.dragoman_version(options.dragoman)
            continue
        asked = subprocess.run([python, "-c", f"import importlib.metadata as m; print(m.version({package!r}))"],
                               check=True, capture_output=True, text=True)
        found[name] = f"{package} {asked.stdout.strip()}"
    return found
