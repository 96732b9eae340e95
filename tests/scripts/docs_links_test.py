#!/usr/bin/env python3
"""Links in the documentation lead somewhere: every relative link to a file, every #anchor to a heading, and every path in
backticks that begins with a folder of the repository to a file or folder. DRAGOMAN_DOCS_ROOT names another root, for trials."""

import os
import pathlib
import re
import unittest

ROOT = pathlib.Path(os.environ.get("DRAGOMAN_DOCS_ROOT", pathlib.Path(__file__).resolve().parents[2]))
PAGES = sorted({page for pattern in ("*.md", "docs/**/*.md", "benchmarks/**/*.md", "models/**/README.md") for page in ROOT.glob(pattern)})
FOLDERS = {path.name for path in ROOT.iterdir() if path.is_dir() and not path.name.startswith(".")} - {"build", "demo"}
# They tell of the past, so that a file which they name may be gone.
HISTORY = {ROOT / "CHANGELOG.md", *ROOT.glob("benchmarks/results/2*.md")}

FENCE = re.compile(r"^ *(```|~~~).*?^ *\1[^\n]*$", re.M | re.S)
CODE = re.compile(r"`[^`\n]+`")
LINK = re.compile(r"!?\[(?:[^\[\]]|!?\[[^\[\]]*\]\([^()]*\))*\]\(<?([^()\s>]*)>?(?:\s+\"[^\"]*\")?\)|<(?:img|a|source)[^>]*?(?:src|href|srcset)=\"([^\"]*)\"")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)


def without_fences(page):
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchor_of(heading):
    """GitHub's: the text without its marks, in lower case, without punctuation, - for each space."""
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).replace("`", "").replace("*", "")
    return re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")


def anchors_of(page):
    seen, anchors = {}, set()
    for heading in HEADING.findall(without_fences(page)):
        name = anchor_of(heading)
        count = seen.get(name, 0)
        seen[name] = count + 1
        anchors.add(f"{name}-{count}" if count else name)
    return anchors


def links_of(page):
    return ["".join(found) for found in LINK.findall(CODE.sub("`code`", without_fences(page)))]


def broken_links(page):
    for link in links_of(page):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: {link}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors_of(target):
            yield f"{page.relative_to(ROOT)}: {link}: no such heading"


def broken_paths(page):
    """`docs/json.md`, and the first word of `benchmarks/training/run --help`."""
    for code in CODE.findall(without_fences(page)):
        path = code.strip("`").split()[0].split(":")[0].rstrip(".,") if code.strip("` ") else ""
        if path.split("/")[0] in FOLDERS and "/" in path and re.fullmatch(r"[\w./+-]+", path) and ".." not in path:
            if not (ROOT / path).exists():
                yield f"{page.relative_to(ROOT)}: `{path}`: no such file"


class Links(unittest.TestCase):
    def test_links_lead_to_files_and_headings(self):
        self.assertGreater(len(PAGES), 10)
        self.assertGreater(sum(len(links_of(page)) for page in PAGES), 100)
        self.assertEqual([broken for page in PAGES for broken in broken_links(page)], [])

    def test_paths_in_backticks_are_there(self):
        self.assertEqual([broken for page in PAGES if page not in HISTORY for broken in broken_paths(page)], [])

    def test_pages_that_the_sources_name_are_there(self):
        """Messages, help and comments say docs/json.md and the like."""
        sources = [path for folder in FOLDERS - {"docs", "models"} for path in (ROOT / folder).rglob("*")
                   if path.is_file() and path.suffix in ("", ".cpp", ".h", ".py", ".sh", ".txt", ".cmake")]
        self.assertGreater(len(sources), 100)
        named = {(path, page) for path in sources for page in re.findall(r"\bdocs/[\w/+-]+\.md", path.read_text(errors="replace"))}
        self.assertEqual(sorted(f"{path.relative_to(ROOT)}: {page}" for path, page in named if not (ROOT / page).exists()), [])

    def test_every_page_is_linked(self):
        linked = {(page.parent / link.partition("#")[0]).resolve() for page in PAGES for link in links_of(page) if link}
        pages = {page.resolve() for page in PAGES if "docs" in page.parts or "results" in page.parts}
        self.assertEqual(sorted(str(page) for page in pages - linked), [])


class Anchors(unittest.TestCase):
    def test_are_those_of_github(self):
        for heading, anchor in (("Two commands", "two-commands"), ("`--plan`: how long?", "--plan-how-long"),
                                ("sacreBLEU's command line", "sacrebleus-command-line"), ("A_b, c & d", "a_b-c--d")):
            self.assertEqual(anchor_of(heading), anchor)


if __name__ == "__main__":
    unittest.main()
