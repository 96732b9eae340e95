#!/usr/bin/env python3
"""Writes unicode_tables.h: what Python's str.lower() and the `regex` package know of each code point.

sacreBLEU lower-cases with the former and splits for `--tokenize intl` with the latter. The tables therefore come
from both, not from a copy of the Unicode database.   Usage: python3 evaluation/make_unicode_tables.py > evaluation/unicode_tables.h
"""
import sys
import unicodedata

import regex

SIGMA, FINAL_SIGMA = "\u03a3", "\u03c2"
CODE_POINTS = [c for c in range(0x110000) if not 0xD800 <= c <= 0xDFFF]


def ranges(predicate):
    found = []
    for c in CODE_POINTS:
        if predicate(chr(c)):
            if found and found[-1][1] == c - 1:
                found[-1][1] = c
            else:
                found.append([c, c])
    return found


def ends_a_word_before_sigma(text):
    return (text + SIGMA).lower().endswith(FINAL_SIGMA)


def lower_case_ranges():
    """[first, last, step, shift]: every step-th code point from first to last has its lower case `shift` further."""
    found = []
    for c in CODE_POINTS:
        lower = chr(c).lower()
        if len(lower) != 1 or ord(lower) == c:
            continue  # the one that becomes two, U+0130, is a case of its own in unicode_text.cpp
        shift = ord(lower) - c
        if found and found[-1][3] == shift:
            gap = c - found[-1][1]
            if found[-1][0] == found[-1][1] and gap in (1, 2):
                found[-1][2] = gap
            if gap == found[-1][2]:
                found[-1][1] = c
                continue
        found.append([c, c, 1, shift])
    return found


def write(kind, name, comment, rows):
    print(f"\n// {comment}\ninline constexpr {kind} {name}[] = {{")
    line = "   "
    for row in rows:
        item = " {" + ", ".join(f"0x{n:X}" if i < 2 else str(n) for i, n in enumerate(row)) + "},"
        if len(line) + len(item) > 110:
            print(line)
            line = "   "
        line += item
    print(line + "\n};")


def main():
    only_two = [c for c in CODE_POINTS if len(chr(c).lower()) != 1]
    assert only_two == [0x130], only_two
    category = {name: regex.compile(rf"\p{{{name}}}") for name in "PSN"}
    print(f"""// Written by make_unicode_tables.py, not by hand: Python {sys.version.split()[0]} (Unicode {unicodedata.unidata_version}), regex {regex.__version__}.
#pragma once

#include <cstdint>

// clang-format off
namespace dragoman {{

struct CodePointRange {{
  char32_t first, last;
}};

// Every step-th code point from first to last has its lower case `shift` further.
struct LowerCaseRange {{
  char32_t first, last;
  int32_t step, shift;
}};""")
    write("LowerCaseRange", "kLowerCase", "str.lower() of one code point, but for U+0130, which becomes two.",
          lower_case_ranges())
    ignorable = lambda c: ends_a_word_before_sigma("A" + c) and not ends_a_word_before_sigma(c)
    write("CodePointRange", "kCased", "A capital sigma right after one of these may end a word.",
          ranges(ends_a_word_before_sigma))
    write("CodePointRange", "kCaseIgnorable", "Skipped when deciding whether a capital sigma ends a word.",
          ranges(ignorable))
    write("CodePointRange", "kPunctuation", "\\p{P}", ranges(category["P"].match))
    write("CodePointRange", "kSymbols", "\\p{S}", ranges(category["S"].match))
    write("CodePointRange", "kNumbers", "\\p{N}", ranges(category["N"].match))
    print("\n}  // namespace dragoman\n// clang-format on")


if __name__ == "__main__":
    main()
