#!/usr/bin/env python3
"""scripts/catalogue_pairs.py: catalogues made here by hand in, pairs and a split without leaks out."""

import pathlib
import struct
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))
import catalogue_pairs  # noqa: E402


def write_catalogue(path, messages, order="<"):
    """A .mo file as the GNU gettext manual describes it: two tables of (length, offset), then the texts."""
    rows = sorted((message.encode(), translation.encode()) for message, translation in messages.items())
    texts = [text for row in rows for text in row]
    start = 28 + 16 * len(rows)
    offsets = [start + sum(len(text) + 1 for text in texts[:index]) for index in range(len(texts))]
    entries = list(zip(map(len, texts), offsets))
    header = struct.pack(order + "7I", 0x950412DE, 0, len(rows), 28, 28 + 8 * len(rows), 0, start)
    tables = b"".join(struct.pack(order + "2I", *entry) for entry in entries[0::2] + entries[1::2])
    path.write_bytes(header + tables + b"".join(text + b"\0" for text in texts))


def pairs_of(messages, order="<"):
    with tempfile.TemporaryDirectory() as folder:
        write_catalogue(pathlib.Path(folder) / "a.mo", messages, order)
        pairs, dropped = catalogue_pairs.read_pairs(folder)
    return list(pairs), dict(dropped)


class CataloguePairs(unittest.TestCase):
    def test_a_catalogue_is_read_in_both_byte_orders_without_its_header(self):
        messages = {"": "Content-Type: text/plain; charset=UTF-8\n", "Open file": "Datei öffnen"}
        for order in "<>":
            self.assertEqual(pairs_of(messages, order), ([("Open file", "Datei öffnen")], {"header": 1}))

    def test_context_is_cut_and_a_plural_gives_its_singular(self):
        messages = {"menu\x04%1 page\0%1 pages": "%1 Seite\0%1 Seiten"}
        self.assertEqual(pairs_of(messages)[0], [("%1 page", "%1 Seite")])

    def test_strings_are_made_plain(self):
        for text, expected in [("_Open...", "Open..."), ("Save ~As", "Save As"), ("Open (_O)...", "Open..."),
                               ("HTTP_S proxy:", "HTTPS proxy:"), ("About %PRODUCTNAME", "About LibreOffice"),
                               (" two  spaces ", "two spaces"), ("Run %FILE_NAME _now", "Run %FILE_NAME now"),
                               ("an underscore (_)", None), ("_a and _b", None)]:
            self.assertEqual(catalogue_pairs.plain(text), expected)

    def test_each_reason_to_leave_a_pair_out(self):
        for english, foreign, reason in [
                ("Line one\nline two", "Zeile eins\nzwei", "several lines"), ("12 %", "13 %", "no words"),
                ("SUMIFS", "SUMMEWENNS", "no words"), ("$(ARG1)", "$(ARG1)!", "no words"), ("Filter", "Filter", "same"),
                ("<none>", "<keiner>", "markup"), ("Tools ▸ Options", "Extras ▸ Optionen", "markup"),
                ("File %1 is gone", "Datei ist fort", "placeholders"),
                ("Displays the tables contained here.", "Zeigt an.", "length"), ("word " * 61, "Wort " * 61, "length")]:
            self.assertEqual(pairs_of({english: foreign}), ([], {reason: 1}), english)

    def test_a_pair_of_another_context_is_counted_once(self):
        pairs, dropped = pairs_of({"a\x04Open file": "Datei öffnen", "b\x04_Open file": "Datei _öffnen"})
        self.assertEqual((pairs, dropped["repeated"]), ([("Open file", "Datei öffnen")], 1))

    def test_strings_that_differ_in_case_signs_digits_or_articles_share_a_key(self):
        for text in ["Open File...", "open the file", "Open a file 2", "OPEN, FILE!"]:
            self.assertEqual(catalogue_pairs.key_of(text), "open file")

    def test_no_key_is_on_two_sides_and_held_out_strings_are_single(self):
        pairs = {}
        for index in range(3000):
            name = "".join(chr(ord("a") + index // 26**place % 26) for place in range(3))
            pairs[f"Open file {name}x"], pairs[f"open the file {name}x..."] = 1, 1
        sides = catalogue_pairs.split({(english, "Datei"): count for english, count in pairs.items()})
        keys = {side: [catalogue_pairs.key_of(english) for english, _ in rows] for side, rows in sides.items()}
        self.assertFalse(set(keys["train"]) & set(keys["test"]) or set(keys["train"]) & set(keys["valid"]))
        self.assertFalse(set(keys["valid"]) & set(keys["test"]))
        self.assertEqual(len(keys["test"]), len(set(keys["test"])))
        self.assertTrue(0.04 < len(keys["test"]) / 3000 < 0.06, len(keys["test"]))
        self.assertTrue(0.018 < len(keys["valid"]) / 3000 < 0.032, len(keys["valid"]))

    def test_strings_of_one_or_two_words_are_only_trained_on(self):
        sides = catalogue_pairs.split({(f"{a} {b}", "x"): 1 for a in "abcdefghijklm" for b in "nopqrstuvwxyz"})
        self.assertEqual((len(sides["valid"]), len(sides["test"])), (0, 0))

    def test_the_sentence_to_hold_out_is_on_the_test_side(self):
        pairs = {("File could not be opened.", "x"): 1, ("Another file was found.", "y"): 1}
        self.assertIn(("File could not be opened.", "x"), catalogue_pairs.split(pairs, "The file could not be opened.")["test"])

    def test_a_held_out_string_has_its_most_frequent_translation(self):
        pairs = {("file is here", "selten"): 1, ("file is here", "oft"): 5}
        self.assertEqual(catalogue_pairs.split(pairs, "file is here")["test"], [("file is here", "oft")])


if __name__ == "__main__":
    unittest.main()
