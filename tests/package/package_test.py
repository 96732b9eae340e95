#!/usr/bin/env python3
"""What is installed works where it is: the program from a folder that was moved, the library in the programs of
docs/howto/cpp.md, and the packages that cpack makes.

DRAGOMAN_BUILD names the build folder, DRAGOMAN_PROGRAM its program."""

import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest

BUILD = os.environ.get("DRAGOMAN_BUILD", "")
PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs/howto/cpp.md"
TEXT = b"ba ke lo\nmi ba\n"


def run(*command, stdin=b"", **more):
    result = subprocess.run([str(part) for part in command], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                            timeout=600, check=False, **more)
    if result.returncode != 0:
        raise AssertionError(f"{command[0]}: {result.returncode}\n{result.stderr.decode()}\n{result.stdout.decode()}")
    return result.stdout


def write_project(folder):
    """The files of the project that docs/howto/cpp.md shows."""
    blocks = re.findall(r"(?ms)^( *)```(cmake|cpp)\n(.*?)^ *```", PAGE.read_text(encoding="utf-8"))
    folder.mkdir()
    for indent, language, text in blocks:
        name = "CMakeLists.txt" if language == "cmake" else re.match(r"// (\w+\.cpp)\n", text)[1]
        (folder / name).write_text(re.sub(rf"^{indent}", "", text, flags=re.M), encoding="utf-8")


def libraries(program):
    """{name: path} of what the loader finds for a program."""
    return dict(re.findall(r"(\S+) => (\S+)", run("ldd", program).decode()))


class Shared:
    folder = None


def setUpModule():
    Shared.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-package-"))
    lines = "".join(f"{a} {b} {c}\n" for a in ("ba", "ke", "lo", "mi") for b in ("su", "ta", "ri") for c in ("no", "pe"))
    (Shared.folder / "text").write_text(lines * 3, encoding="utf-8")
    run(PROGRAM, "train", "--train-source", Shared.folder / "text", "--train-target", Shared.folder / "text", "--model",
        Shared.folder / "model", "--vocab-size", "40", "--encoder-layers", "1", "--decoder-layers", "1", "--d-model", "16",
        "--encoder-attention-heads", "2", "--decoder-attention-heads", "2",
        "--encoder-ffn-dim", "32", "--decoder-ffn-dim", "32", "--max-updates", "2", "--valid-every", "0", "--threads", "1")


def tearDownModule():
    shutil.rmtree(Shared.folder, ignore_errors=True)


class Installed(unittest.TestCase):
    def setUp(self):
        self.expected = run(PROGRAM, "translate", "--model", Shared.folder / "model", stdin=TEXT)

    def check_program(self, prefix):
        program = prefix / "bin" / "dragoman"
        self.assertEqual(run(program, "translate", "--model", Shared.folder / "model", stdin=TEXT), self.expected)
        self.assertIn(b"Guten Morgen", run(program, "translate", stdin=b"Good morning.\n"))  # by the model that comes with it
        for name, path in libraries(program).items():
            if re.match(r"lib(torch|c10|gomp|sentencepiece|xxhash|yaml|cud)", name):
                self.assertEqual(pathlib.Path(path).parent.resolve(), (prefix / "lib" / "dragoman").resolve(), name)
        self.assertIn(b".SH SYNOPSIS", (prefix / "share" / "man" / "man1" / "dragoman.1").read_bytes())
        for file in ("bash-completion/completions/dragoman", "zsh/site-functions/_dragoman", "fish/vendor_completions.d/dragoman.fish"):
            self.assertIn(b"--complete", (prefix / "share" / file).read_bytes(), file)
        self.check_licences(prefix)

    def check_licences(self, prefix):
        """Each bundled library, and each library of headers, has its licence."""
        texts = {path: path.read_text(encoding="utf-8", errors="replace")
                 for path in (prefix / "share/doc/dragoman/licenses").rglob("*") if path.is_file()}
        self.assertIn("Apache License", (prefix / "share/doc/dragoman/copyright").read_text(encoding="utf-8"))
        # Words of each licence that no other one has.
        marks = {"libtorch": "Soumith Chintala", "libc10": "Soumith Chintala", "libcu": "NVIDIA", "libnv": "NVIDIA", "libnccl": "NVIDIA",
                 "libsentencepiece": "Google", "libxxhash": "Yann Collet", "libgomp": "GCC Runtime Library Exception", "libz.so": "Mark Adler",
                 "libshm": "Soumith Chintala", "cxxopts": "Jarryd Beck", "nlohmann": "Niels Lohmann"}
        bundled = [path.name for path in (prefix / "lib" / "dragoman").iterdir()]
        self.assertGreater(len(bundled), 4)
        for name in [*bundled, "cxxopts", "nlohmann"]:
            mark = next((mark for begin, mark in marks.items() if name.startswith(begin)), None)
            if mark:
                self.assertTrue(any(mark in text for text in texts.values()), (name, mark))
            else:  # of another package of the operating system
                package = run("dpkg-query", "--search", f"*/{name}").decode().split(":")[0]
                self.assertIn(prefix / "share/doc/dragoman/licenses" / package / "copyright", texts, name)

    def test_the_program_runs_from_a_folder_that_was_moved(self):
        first, moved = Shared.folder / "first", Shared.folder / "moved"
        for component in ("runtime", "bundled"):
            run("cmake", "--install", BUILD, "--prefix", first, "--component", component)
        first.rename(moved)
        self.check_program(moved)
        self.assertFalse((moved / "include").exists())

    def test_the_programs_of_the_documentation_translate_and_train_with_the_library(self):
        prefix, source, build = Shared.folder / "prefix", Shared.folder / "project", Shared.folder / "build"
        run("cmake", "--install", BUILD, "--prefix", prefix, "--component", "development")
        write_project(source)
        run("cmake", "-S", source, "-B", build, "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}", "-DCMAKE_BUILD_TYPE=Release")
        run("cmake", "--build", build)
        self.assertEqual(run(build / "translator", Shared.folder / "model", stdin=TEXT), self.expected)
        self.check_trainer(build)

    def check_trainer(self, build):
        """It trains, stops at Ctrl-C, resumes, and leaves a model that both programs open; an error of the library ends it."""
        text, model = Shared.folder / "text", Shared.folder / "trained"

        def started(source, minutes):
            return subprocess.Popen([build / "trainer", source, text, model, minutes], stderr=subprocess.PIPE, text=True)

        with started("missing", "1") as trainer:
            self.assertIn("trainer: cannot read missing: No such file", trainer.stderr.read())
            self.assertEqual(trainer.wait(), 3)
        with started(text, "600") as trainer:
            next(line for line in trainer.stderr if line.startswith("epoch"))  # it trains
            trainer.send_signal(signal.SIGINT)
            self.assertIn("stopped by a signal, state saved", trainer.stderr.read())
            self.assertEqual(trainer.wait(), 130)
        with started(text, "0.25") as trainer:
            self.assertRegex(trainer.stderr.read(), r"(?s)resuming from update \d+.*reached --max-time 0:15")
            self.assertEqual(trainer.wait(), 0)
        translations = run(PROGRAM, "translate", "--model", model, stdin=TEXT)
        self.assertEqual(run(build / "translator", model, stdin=TEXT), translations)
        self.assertEqual(len(translations.splitlines()), len(TEXT.splitlines()))

    def test_the_archive_and_the_package_carry_all_they_load(self):
        out = Shared.folder / "packages"
        run("cpack", "--config", pathlib.Path(BUILD) / "CPackConfig.cmake", "-B", out, cwd=BUILD)
        archive, = out.glob("*.tar.gz")
        package, = out.glob("*.deb")
        unpacked, installed = Shared.folder / "unpacked", Shared.folder / "installed"
        unpacked.mkdir()
        run("tar", "-xzf", archive, "-C", unpacked)
        program, = unpacked.glob("**/bin/dragoman")
        self.check_program(program.parent.parent)
        run("dpkg-deb", "--extract", package, installed)
        self.check_program(installed / "opt" / "dragoman")
        fields = run("dpkg-deb", "--field", package).decode()
        self.assertIn("Package: dragoman\n", fields)
        self.assertIn("libstdc++6", fields)
        self.check_links(package)

    def check_links(self, package):
        """What postinst links into the folders that shells and man search, and prerm removes."""
        control = Shared.folder / "control"
        run("dpkg-deb", "--control", package, control)
        made = re.findall(r"(?m)^link (\S+) (\S+)$", (control / "postinst").read_text(encoding="utf-8"))
        removed = (control / "prerm").read_text(encoding="utf-8")
        self.assertGreater(len(made), 4)
        for target, link in made:
            self.assertTrue((Shared.folder / "installed/opt/dragoman" / target).exists(), target)
            self.assertIn(link, removed.replace("\\\n", " ").replace(";", " ").split(), link)
        for wanted in ("/usr/bin/dragoman", "/usr/share/man/man1/dragoman.1", "/usr/share/bash-completion/completions/dragoman",
                       "/usr/share/zsh/vendor-completions/_dragoman", "/usr/share/fish/vendor_completions.d/dragoman.fish"):
            self.assertIn(wanted, dict((link, target) for target, link in made))


if __name__ == "__main__":
    for needed in (BUILD, PROGRAM):
        if not needed:
            sys.exit("package_test: set DRAGOMAN_BUILD and DRAGOMAN_PROGRAM")
    unittest.main()
