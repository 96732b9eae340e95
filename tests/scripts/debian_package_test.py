#!/usr/bin/env python3
"""scripts/debian_package.py against a small archive of our own in Debian's layout."""

import hashlib
import io
import lzma
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).resolve().parents[2] / "scripts" / "debian_package.py"


def member(name, content):
    header = f"{name:<16}{0:<12}{0:<6}{0:<6}{'100644':<8}{len(content):<10}`\n".encode()
    return header + content + b"\n" * (len(content) % 2)


def deb(files):
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:xz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            if content is None:
                info.type, info.linkname = tarfile.SYMTYPE, "/etc"
                archive.addfile(info)
            else:
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return b"!<arch>\n" + member("debian-binary", b"2.0\n") + member("control.tar.xz", b"odd") + member("data.tar.xz", data.getvalue())


class DebianPackage(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-debian-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.package = deb({"./usr/lib/a.mo": b"text", "./../outside": b"bad", "./usr/link": None})
        self.pool = self.folder / "mirror/pool/a.deb"
        index = self.folder / "mirror/dists/stable/main/binary-amd64/Packages.xz"
        for file in (self.pool, index):
            file.parent.mkdir(parents=True)
        self.pool.write_bytes(self.package)
        checksum = hashlib.sha256(self.package).hexdigest()
        paragraphs = (f"Package: {name}\nVersion: 4:7.4-{name}\nDescription: words\n more: words\nFilename: pool/a.deb\nSHA256: {checksum}\n"
                      for name in ("l10n-d", "l10n-de", "l10n-de-at"))
        index.write_bytes(lzma.compress("\n".join(paragraphs).encode()))

    def fetch(self, name):
        return subprocess.run([sys.executable, str(SCRIPT), name, str(self.folder / "out"), "--mirror", f"file://{self.folder}/mirror"],
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60, encoding="utf-8")

    def test_unpacks_the_package_of_exactly_that_name(self):
        result = self.fetch("l10n-de")
        self.assertEqual((result.returncode, result.stdout), (0, "4:7.4-l10n-de\n"), result.stderr)
        self.assertEqual((self.folder / "out/usr/lib/a.mo").read_bytes(), b"text")
        self.assertFalse((self.folder / "outside").exists())
        self.assertFalse((self.folder / "out/usr/link").is_symlink())

    def test_refuses_another_file_than_the_index_names(self):
        self.pool.write_bytes(self.package[:-1])
        self.assertIn("expected the checksum", self.fetch("l10n-de").stderr)
        self.pool.unlink()
        result = self.fetch("l10n-de")
        self.assertEqual(result.returncode, 1)
        self.assertIn("cannot fetch file:", result.stderr)

    def test_an_unknown_package_is_named(self):
        self.assertIn("no Debian package l10n-xx", self.fetch("l10n-xx").stderr)


if __name__ == "__main__":
    unittest.main()
