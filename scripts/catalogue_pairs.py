#!/usr/bin/env python3
"""Makes a small parallel corpus from the gettext catalogues (.mo) of one translated program.

    catalogue_pairs.py CATALOGUES LANGUAGE OUTPUT [--hold-out SENTENCE]

Reads every .mo file under the folder CATALOGUES and writes OUTPUT/{train,valid,test}.{en,LANGUAGE}, one string a line.
Pure standard library; the same catalogues give the same files on every machine.

Made plain: a message's context (up to U+0004) is cut, a plural message gives its singular, the keyboard marks `~` and
`_` go ("_Open" becomes "Open", "(_O)" at an end goes), white space becomes single spaces, and %PRODUCTNAME becomes
LibreOffice. Other placeholders ($(ARG1), %1, $name$) stay, for a translation has to keep them.

Dropped, each counted on standard error:
  header        the catalogue's own header
  several lines text that a dialog box breaks by hand, often elsewhere in the translation
  no words      nothing but digits, signs, placeholders or single letters; names such as SUMIFS (no lower-case letter)
  same          both sides equal: product names and the like, which only flatter a system that copies its input
  markup        tags, lists joined by semicolons or tabs, and menu paths (▸), which are retold more than translated
  placeholders  a placeholder that is on one side only
  length        more than 60 words, or one side more than 2.2 times as long as the other: part of the text was dropped
  repeated      a pair that was there before

The split is a hash of the English string's key: its words in lower case without punctuation, digits, a, an and the. So
"Open File..." and "Open the file" are on the same side, and no English string is on two. About 5 % of the keys are test,
2.5 % validation, with one string a key and one translation a string (the most frequent), in an order that a hash gives
too. Strings of fewer than three words are only trained on: "Rate" has no single right translation without its context.
"""

import argparse
import collections
import hashlib
import pathlib
import re
import struct
import sys

PLACEHOLDER = re.compile(r"\$\(\w+\)|\$\w+\$|\$\w+|%\{\w+\}|%[A-Z][A-Z_]*\d*%?|%\d+|%[a-z]\b|#\w+#|#\d+")
KEYBOARD_SUFFIX = re.compile(r"\s*\([_~]\w\)(?=\W*$)")
MARKUP = re.compile(r"<[^<>]+>|;\S*;|\t|▸")
WORD = re.compile(r"[^\W\d_]{2,}")
ARTICLES = {"a", "an", "the"}
TEST_SHARE, VALID_SHARE = 0.05, 0.025
MAX_WORDS = 60
MAX_LENGTH_RATIO = 2.2


def read_catalogue(path):
    """Yields (message, translation) of one .mo file, plural forms cut to the first (GNU gettext manual, "MO Files")."""
    data = path.read_bytes()
    order = {b"\xde\x12\x04\x95": "<", b"\x95\x04\x12\xde": ">"}.get(data[:4])
    if order is None:
        sys.exit(f"catalogue_pairs.py: {path}: not a .mo file")
    count, messages, translations = struct.unpack(order + "3I", data[8:20])

    def text(table, index):
        length, start = struct.unpack_from(order + "2I", data, table + 8 * index)
        return data[start:start + length].decode("utf-8").split("\0")[0]

    for index in range(count):
        yield text(messages, index), text(translations, index)


def plain(text):
    """The string as a user reads it, or None when a `_` or `~` is left that is not a keyboard mark."""
    text = " ".join(text.replace("%PRODUCTNAME", "LibreOffice").split())
    text = KEYBOARD_SUFFIX.sub("", text)
    kept = PLACEHOLDER.findall(text)
    text = PLACEHOLDER.sub("\0", text)
    text = re.sub(r"[_~](?=\w)", "", text, count=1)
    if "_" in text or "~" in text:
        return None
    for placeholder in kept:
        text = text.replace("\0", placeholder, 1)
    return text


def placeholders(text):
    return collections.Counter(PLACEHOLDER.findall(text))


def reason_to_drop(english, foreign):
    """Why this pair of plain strings teaches nothing, or None."""
    words = PLACEHOLDER.sub(" ", english)
    if not WORD.search(words) or not WORD.search(PLACEHOLDER.sub(" ", foreign)) or words == words.upper():
        return "no words"
    if english == foreign:
        return "same"
    if MARKUP.search(english) or MARKUP.search(foreign):
        return "markup"
    if placeholders(english) != placeholders(foreign):
        return "placeholders"
    longer, shorter = max(len(english), len(foreign)), min(len(english), len(foreign))
    if max(len(english.split()), len(foreign.split())) > MAX_WORDS:
        return "length"
    if len(english) > 25 and longer > MAX_LENGTH_RATIO * shorter:
        return "length"
    return None


def read_pairs(folder):
    """Distinct pairs with how often each occurs, and the counts of what was dropped."""
    pairs, dropped = collections.Counter(), collections.Counter()
    for path in sorted(pathlib.Path(folder).rglob("*.mo")):
        for message, foreign in read_catalogue(path):
            english = message.split("\x04", 1)[-1]
            if not message:
                dropped["header"] += 1
            elif "\n" in english.strip() or "\n" in foreign.strip():
                dropped["several lines"] += 1
            else:
                english, foreign = plain(english), plain(foreign)
                reason = "markup" if english is None or foreign is None else reason_to_drop(english, foreign)
                if not reason:
                    pairs[english, foreign] += 1
                    reason = "repeated" if pairs[english, foreign] > 1 else None
                if reason:
                    dropped[reason] += 1
    return pairs, dropped


def key_of(english):
    words = re.sub(r"[\W\d_]+", " ", english.casefold()).split()
    return " ".join(word for word in words if word not in ARTICLES)


def fraction(text):
    """A number in [0, 1) that depends on the text alone."""
    return int.from_bytes(hashlib.sha256(text.encode("utf-8")).digest()[:8], "big") / 2**64


def side_of(key, strings, hold_out):
    if hold_out and key == hold_out:
        return "test"
    if all(len(english.split()) < 3 for english in strings):
        return "train"
    share = fraction(key)
    return "test" if share < TEST_SHARE else "valid" if share < TEST_SHARE + VALID_SHARE else "train"


def split(pairs, hold_out=""):
    """{"train": [(english, foreign)], "valid": ..., "test": ...}."""
    groups = collections.defaultdict(lambda: collections.defaultdict(list))
    for english, foreign in pairs:
        groups[key_of(english)][english].append(foreign)
    sides = {"train": [], "valid": [], "test": []}
    for key, strings in groups.items():
        side = side_of(key, strings, key_of(hold_out))
        if side == "train":
            sides[side] += [(english, foreign) for english, all_foreign in strings.items() for foreign in all_foreign]
        else:
            english = min(strings, key=lambda string: (len(string.split()) < 3, fraction(string)))
            sides[side].append((english, max(strings[english], key=lambda foreign: pairs[english, foreign])))
    for rows in sides.values():
        rows.sort(key=lambda row: (fraction("order " + row[0]), row))
    return sides


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("catalogues")
    parser.add_argument("language")
    parser.add_argument("output")
    parser.add_argument("--hold-out", default="", metavar="SENTENCE", help="its key goes to the test side")
    arguments = parser.parse_args()

    pairs, dropped = read_pairs(arguments.catalogues)
    if not pairs:
        sys.exit(f"catalogue_pairs.py: {arguments.catalogues}: no .mo catalogue with translated strings")
    print("dropped: " + ", ".join(f"{name} {count:,}" for name, count in dropped.most_common()), file=sys.stderr)
    output = pathlib.Path(arguments.output)
    output.mkdir(parents=True, exist_ok=True)
    for side, rows in split(pairs, arguments.hold_out).items():
        for column, language in enumerate(["en", arguments.language]):
            text = "".join(row[column] + "\n" for row in rows)
            (output / f"{side}.{language}").write_text(text, encoding="utf-8")
        words = sum(len(row[0].split()) for row in rows)
        print(f"{side}: {len(rows):,} pairs, {words:,} English words", file=sys.stderr)


if __name__ == "__main__":
    main()
