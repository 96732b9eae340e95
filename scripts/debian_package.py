#!/usr/bin/env python3
"""Fetches one package from Debian's archive and unpacks it, on machines without apt and dpkg.

    debian_package.py PACKAGE FOLDER [--mirror URL] [--suite NAME]

Unpacks PACKAGE into FOLDER, installs nothing, and prints the version. The file is compared with the checksum of the archive's
index; the index itself comes over https. Pure standard library.
"""

import argparse
import hashlib
import io
import lzma
import sys
import tarfile
import urllib.error
import urllib.request

MIRROR = "https://deb.debian.org/debian"


def fetch(url):
    try:
        with urllib.request.urlopen(url, timeout=120) as answer:
            return answer.read()
    except (urllib.error.URLError, OSError) as error:
        sys.exit(f"debian_package.py: error: cannot fetch {url}: {getattr(error, 'reason', error)}")


def fields_of(package, mirror, suite):
    """The package's paragraph of the index, as {field: value} (deb-control(5); continued lines are skipped)."""
    index = lzma.decompress(fetch(f"{mirror}/dists/{suite}/main/binary-amd64/Packages.xz")).decode("utf-8")
    for paragraph in index.split("\n\n"):
        if paragraph.startswith(f"Package: {package}\n"):
            return dict(line.split(": ", 1) for line in paragraph.splitlines() if ": " in line and line[0] != " ")
    sys.exit(f"debian_package.py: error: there is no Debian package {package} in {suite}")


def members(archive):
    """Yields (name, bytes) of the members of a .deb, which is an ar(5) archive."""
    if archive[:8] != b"!<arch>\n":
        sys.exit("debian_package.py: error: expected a .deb archive, got something else")
    at = 8
    while at + 60 <= len(archive):
        name, size = archive[at:at + 16].decode().strip().rstrip("/"), int(archive[at + 48:at + 58])
        yield name, archive[at + 60:at + 60 + size]
        at += 60 + size + size % 2


def unpack(archive, folder):
    for name, content in members(archive):
        if name.startswith("data.tar"):
            with tarfile.open(fileobj=io.BytesIO(content)) as files:
                # Ordinary files only: a link could lead out of the folder.
                for member in files:
                    if (member.isfile() or member.isdir()) and ".." not in member.name.split("/") and not member.name.startswith("/"):
                        files.extract(member, folder, set_attrs=False)
            return
    sys.exit("debian_package.py: error: the package has no data.tar")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("package")
    parser.add_argument("folder")
    parser.add_argument("--mirror", default=MIRROR, metavar="URL")
    parser.add_argument("--suite", default="stable", metavar="NAME")
    arguments = parser.parse_args()

    fields = fields_of(arguments.package, arguments.mirror, arguments.suite)
    archive = fetch(f"{arguments.mirror}/{fields['Filename']}")
    found = hashlib.sha256(archive).hexdigest()
    if found != fields["SHA256"]:
        sys.exit(f"debian_package.py: error: [{fields['Filename']}] expected the checksum {fields['SHA256']}, got {found}")
    unpack(archive, arguments.folder)
    print(fields["Version"])


if __name__ == "__main__":
    main()
