#!/usr/bin/env python3
"""Each rule of check_layers.py can fail, and none fails on what is allowed: small made-up trees."""

import pathlib
import tempfile
import unittest

import check_layers


def violations(files):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = pathlib.Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return check_layers.check(folder)[0]


class Layers(unittest.TestCase):
    def assert_one(self, files, place, words):
        found = violations(files)
        self.assertEqual(len(found), 1, found)
        self.assertTrue(found[0].startswith(place + ": "), found[0])
        self.assertIn(words, found[0])

    def assert_none(self, files):
        self.assertEqual(violations(files), [])

    def test_an_include_against_an_arrow_is_named_with_its_line(self):
        files = {"core/a.h": "\n#include <vector>\n#include \"model/b.h\"\n", "model/b.h": ""}
        self.assert_one(files, "core/a.h:3", "no arrow leads from core to model")

    def test_sideways_includes_are_against_the_arrows(self):
        for folder, other in [("tokenizer", "data"), ("model", "decoding"), ("data", "folder"), ("decoding", "data"), ("decoding", "model"), ("app", "training"), ("folder", "model"), ("report", "training"),
                              ("decoding", "evaluation"), ("evaluation", "training"), ("training", "app")]:
            files = {f"{folder}/a.h": f'#include "{other}/b.h"\n', f"{other}/b.h": ""}
            self.assert_one(files, f"{folder}/a.h:1", f"no arrow leads from {folder} to {other}")

    def test_angle_brackets_do_not_hide_an_include_of_ours(self):
        self.assert_one({"core/a.h": "#include <model/b.h>\n", "model/b.h": ""}, "core/a.h:1", "no arrow")

    def test_arrows_are_transitive(self):
        self.assert_none({"training/a.h": '#include "decoding/b.h"\n#include "tokenizer/c.h"\n', "decoding/b.h": "",
                          "tokenizer/c.h": ""})

    def test_an_include_in_a_comment_or_a_string_is_none(self):
        self.assert_none({"core/a.h": '// #include "model/b.h"\n/*\n#include "model/b.h"\n*/\n'
                                      'auto s = R"(\n#include "model/b.h"\n)";\n', "model/b.h": ""})

    def test_a_quoted_include_names_its_folder(self):
        self.assert_one({"core/a.h": '#include "b.h"\n', "core/b.h": ""}, "core/a.h:1", "does not name its folder")

    def test_an_included_file_is_there(self):
        self.assert_one({"core/a.h": '#include "core/gone.h"\n'}, "core/a.h:1", "is not there")

    def test_the_library_does_not_include_its_own_door(self):
        self.assert_one({"data/a.h": '#include "dragoman.h"\n', "dragoman.h": ""}, "data/a.h:1", "dragoman.h")
        self.assert_none({"app/main.cpp": '#include "dragoman.h"\n', "dragoman.h": '#include "data/a.h"\n', "data/a.h": ""})

    def test_only_the_command_line_includes_cxxopts(self):
        self.assert_one({"app/train.cpp": "#include <cxxopts.hpp>\n"}, "app/train.cpp:1", "cxxopts")
        self.assert_none({"app/command_line.cpp": "#include <cxxopts.hpp>\n"})

    def test_sentencepiece_stays_in_the_cpp_files_of_tokenizer(self):
        self.assert_one({"tokenizer/a.h": "#include <sentencepiece_processor.h>\n"}, "tokenizer/a.h:1", "SentencePiece")
        self.assert_one({"data/a.cpp": "#include <sentencepiece_trainer.h>\n"}, "data/a.cpp:1", "SentencePiece")
        self.assert_none({"tokenizer/a.cpp": "#include <sentencepiece_processor.h>\n"})

    def test_core_and_tokenizer_are_free_of_torch(self):
        self.assert_one({"core/a.h": "#include <torch/torch.h>\n"}, "core/a.h:1", "torch/torch.h")
        self.assert_one({"tokenizer/a.cpp": "#include <c10/util/Half.h>\n"}, "tokenizer/a.cpp:1", "c10/util/Half.h")
        self.assert_none({"model/a.h": "#include <torch/torch.h>\n"})

    def test_the_sub_folder_torch_is_a_folder_of_its_own(self):
        header = {"decoding/torch/b.h": "#include <torch/torch.h>\n"}
        self.assert_none(header)
        self.assert_none({"decoding/torch/a.cpp": '#include "decoding/torch/b.h"\n#include "model/c.h"\n', "model/c.h": "", **header})
        self.assert_none({"app/torch/a.cpp": '#include "decoding/torch/b.h"\n#include "app/c.h"\n', "app/c.h": "", **header})
        for folder in ["decoding", "app", "exchange"]:
            found = violations({f"{folder}/a.cpp": '\n#include "decoding/torch/b.h"\n', **header})
            self.assertEqual(len(found), 2, found)
            self.assertIn(f"no arrow leads from {folder} to decoding/torch", "".join(found))
        self.assert_one({"decoding/packed/a.cpp": "#include <ATen/ATen.h>\n"}, "decoding/packed/a.cpp:1", "ATen/ATen.h")

    def test_no_file_reaches_torch_through_a_header_of_ours(self):
        files = {"decoding/search.cpp": '\n#include "decoding/search.h"\n', "decoding/search.h": "#include <torch/torch.h>\n"}
        found = violations(files)
        self.assertEqual(len(found), 2, found)
        self.assertTrue(found[0].startswith("decoding/search.cpp:2: "), found[0])
        self.assertIn("decoding/search.h -> torch/torch.h", found[0])

    def test_headers_that_include_each_other_end_the_search(self):
        self.assert_none({"core/a.h": '#include "core/b.h"\n', "core/b.h": '#include "core/a.h"\n'})

    def test_only_main_exits(self):
        for call in ["exit(1);", "std::exit (1);", "::_exit(0);", "std::quick_exit(0);"]:
            self.assert_one({"app/train.cpp": "\n" + call}, "app/train.cpp:2", "only app/main.cpp")
        self.assert_none({"app/main.cpp": "std::_Exit(1);"})

    def test_other_names_with_exit_in_them_are_free(self):
        self.assert_none({"core/a.cpp": 'on_exit(1); e.exit_code(); loop.exit(); // exit(1)\nauto s = "exit(1)"; char c = \'"\';'})

    def test_the_library_prints_nothing(self):
        for code in ["std::cout << 1;", 'printf("x");', 'fputs("x", stdout);', 'std::puts("x");']:
            self.assert_one({"training/a.cpp": code}, "training/a.cpp:1", "standard output")
        self.assert_none({"training/a.cpp": 'std::snprintf(b, 3, "x"); fprintf(stderr, "x");', "app/a.cpp": "std::cout << 1;"})

    def test_no_pickle_and_no_torchscript_anywhere(self):
        for code in ["torch::load(x, f);", "torch::jit::load(f);", "torch::pickle_load(x);", "#include <torch/script.h>",
                     "torch::serialize::InputArchive archive;"]:
            self.assert_one({"app/torch/a.cpp": code}, "app/torch/a.cpp:1", "no pickle")

    def test_line_numbers_survive_comments_and_digit_separators(self):
        self.assert_one({"app/a.cpp": "/* one\n two */\nint n = 1'000;\nint m = 2'000; exit(0);"}, "app/a.cpp:4", "only app/main.cpp")


if __name__ == "__main__":
    unittest.main()
