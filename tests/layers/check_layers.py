#!/usr/bin/env python3
"""Checks what the compiler cannot: that the parts of Dragoman stay separate.

    check_layers.py ROOT     prints each violation as FILE:LINE: RULE and exits 1, or one line and exits 0

Rules, for the files of the folders below (tests and benchmarks are free):
  arrows        an include of another folder follows the arrows of ARROWS; nothing in the library includes dragoman.h
  named         an include in quotes names its folder ("core/error.h") and a file that is there
  cxxopts       only app/command_line.* includes it
  sentencepiece only tokenizer/*.cpp includes its headers
  torch         only the folders of TORCH reach a LibTorch header; other files do not even through our own headers
  exit          only app/main.cpp calls exit and its relatives
  stdout        the library prints nothing there
  pickle        no pickle, torch::load, torch::jit or script header: loading a model must not be able to run code
"""

import pathlib
import re
import sys

# folder -> the folders it includes; arrows are transitive. A sub-folder that is named here is a folder of its own.
ARROWS = {
    "core": [],
    "kernels": [],
    "tokenizer": ["core"],
    "folder": ["core", "tokenizer"],
    "data": ["core", "tokenizer"],
    "evaluation": ["core", "tokenizer"],
    "report": ["core", "data"],
    "planning": ["core", "data", "folder", "report"],
    "decoding": ["core", "tokenizer", "folder", "kernels"],
    "exchange": ["core", "tokenizer", "folder", "decoding"],
    "runtime": ["core"],
    "fused": ["core", "kernels", "runtime"],
    "model": ["core", "folder", "fused"],
    "decoding/torch": ["decoding", "model"],
    "training": ["data", "evaluation", "planning", "report", "decoding/torch"],
}
TORCH = ["runtime", "fused", "model", "decoding/torch", "training", "app/torch"]
LIBRARY = list(ARROWS)
ARROWS["app"] = [folder for folder in LIBRARY if folder not in TORCH]
ARROWS["app/torch"] = ["app", *LIBRARY]
DOOR = "dragoman.h"  # the one header for users of the library

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:"([^"\n]+)"|<([^>\n]+)>)', re.MULTILINE)
# Comments, and where they must not be looked for: raw strings, strings, characters (not the ' of 1'000).
LEXEMES = re.compile(
    r"""(?P<comment>//(?:\\\n|[^\n])*|/\*.*?\*/)"""
    r"""|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)\"|"(?:\\.|[^"\\\n])*"|(?<![0-9A-Za-z_])'(?:\\.|[^'\\\n])+'""",
    re.DOTALL)
TORCH_HEADER = re.compile(r"(torch|ATen|c10|caffe2)/")
SCRIPT_HEADER = re.compile(r"torch/script\.h|torch/(csrc/)?jit/|pickle")
EXIT = re.compile(r"(?<![\w.>])(?:_?exit|_Exit|quick_exit)\s*\(")
STDOUT = re.compile(r"\bstd::cout\b|\bstdout\b|(?<![\w.>])(?:printf|puts|putchar|vprintf)\s*\(")
PICKLE = re.compile(r"\bpickle|\bunpickle|torch::load\b|torch::pickle|torch::jit\b|\bInputArchive\b", re.IGNORECASE)


def reachable(folder):
    """The folder itself and all that the arrows lead to."""
    seen, todo = set(), [folder]
    while todo:
        here = todo.pop()
        if here not in seen:
            seen.add(here)
            todo += ARROWS[here]
    return seen


def folder_of(path):
    """The folder of ARROWS that contains a file ("decoding/torch/x.h" is in decoding/torch, "app/main.cpp" in app), or ""."""
    parts = path.split("/")[:-1]
    while parts and "/".join(parts) not in ARROWS:
        parts.pop()
    return "/".join(parts)


def without(text, strings):
    """The source without comments and raw strings, and without any string where `strings`; lines keep their numbers."""
    def blank(match):
        if match.group("comment") is None and match.group("mark") is None and not strings:
            return match.group()
        return re.sub(r"[^\n]", " ", match.group())
    return LEXEMES.sub(blank, text)


class Source:
    """One file: its includes as (line, path, in quotes), and its code without comments and strings."""

    def __init__(self, root, path):
        text = path.read_text(encoding="utf-8")
        self.name = path.relative_to(root).as_posix()
        self.folder = folder_of(self.name)
        self.code = without(text, strings=True)
        bare = without(text, strings=False)
        self.includes = [(bare.count("\n", 0, match.start(match.lastindex)) + 1, match.group(match.lastindex),
                          match.lastindex == 1) for match in INCLUDE.finditer(bare)]

    def lines_with(self, pattern):
        for match in pattern.finditer(self.code):
            yield self.code.count("\n", 0, match.start()) + 1, match.group()


def read_sources(root):
    paths = [path for folder in ARROWS if "/" not in folder for path in sorted((root / folder).rglob("*")) if path.suffix in (".h", ".cpp")]
    paths += [path for path in [root / DOOR] if path.exists()]
    return {source.name: source for source in (Source(root, path) for path in paths)}


def check_includes(source, sources):
    allowed = reachable(source.folder)
    for line, path, quoted in source.includes:
        target = folder_of(path)
        if path == DOOR:
            if source.folder in LIBRARY:
                yield line, f"{source.folder} must not include {DOOR}, which includes it"
        elif target:
            if target not in allowed:
                yield line, f"{source.folder} must not include {path}: no arrow leads from {source.folder} to {target}"
            elif path not in sources:
                yield line, f'"{path}" is not there'
        elif quoted:
            yield line, f'"{path}" does not name its folder'
        if path.startswith("cxxopts") and not source.name.startswith("app/command_line."):
            yield line, "only app/command_line.* may include cxxopts"
        if path.startswith("sentencepiece") and not (source.folder == "tokenizer" and source.name.endswith(".cpp")):
            yield line, "only tokenizer/*.cpp may include SentencePiece's headers"
        if SCRIPT_HEADER.search(path):
            yield line, f"{path}: no pickle and no TorchScript on any path"


def check_code(source):
    if source.name != "app/main.cpp":
        for line, what in source.lines_with(EXIT):
            yield line, f"{what}: only app/main.cpp may end the program"
    if source.folder in LIBRARY:
        for line, what in source.lines_with(STDOUT):
            yield line, f"{what}: the library prints nothing to standard output"
    for line, what in source.lines_with(PICKLE):
        yield line, f"{what}: no pickle and no TorchScript on any path"


def torch_chain(source, sources, seen):
    """[(line, path), ...] from this file to a LibTorch header, or None."""
    seen.add(source.name)
    for line, path, _ in source.includes:
        if TORCH_HEADER.match(path):
            return [(line, path)]
        if path in sources and path not in seen:
            chain = torch_chain(sources[path], sources, seen)
            if chain:
                return [(line, path)] + chain
    return None


def check(root):
    """All violations, as FILE:LINE: RULE, sorted by file."""
    root = pathlib.Path(root)
    sources = read_sources(root)
    found = []
    for source in sources.values():
        if source.folder:
            found += [(source.name, *one) for one in [*check_includes(source, sources), *check_code(source)]]
    for source in sources.values():
        if not source.folder or source.folder in TORCH:
            continue
        chain = torch_chain(source, sources, set())
        if chain:
            way = " -> ".join(path for _, path in chain)
            found.append((source.name, chain[0][0], f"must reach no LibTorch header, but includes {way}"))
    return [f"{name}:{line}: {rule}" for name, line, rule in sorted(found)], len(sources)


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: check_layers.py ROOT")
    violations, count = check(sys.argv[1])
    for violation in violations:
        print(violation)
    if count == 0:
        print(f"{sys.argv[1]}: no sources of ours here")
    elif not violations:
        print(f"layers: {count} files keep to their arrows")
    sys.exit(1 if violations or count == 0 else 0)


if __name__ == "__main__":
    main()
