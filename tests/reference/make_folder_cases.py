#!/usr/bin/env python3
"""Writes folder_cases.json: what transformers translates with each folder of folder_variations.py. tests/app/folders_test.py
compares.

Usage: .venv-peers/bin/python tests/reference/make_folder_cases.py
Needs the environment of scripts/peers.
"""
import json
import os
import pathlib
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")

import torch  # noqa: E402
import transformers  # noqa: E402

import folder_variations  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent


def main():
    torch.set_num_threads(1)
    transformers.logging.disable_progress_bar()
    lines = json.loads((HERE / "generation/cases.json").read_text(encoding="utf-8"))["lines"][:10]
    words = [line.split() for line in lines]
    lines += [" ".join([first, "<ent>", *rest[:1], "</ent>", *rest[1:]]) for first, *rest in words[:6]]
    lines += [f"{first}<ent>{''.join(rest)}</ent>" for first, *rest in words[6:8]]
    cases = {}
    for name in folder_variations.VARIATIONS:
        with tempfile.TemporaryDirectory() as folder:
            folder_variations.make(name, pathlib.Path(folder))
            tokenizer = transformers.MarianTokenizer.from_pretrained(folder)
            model = transformers.MarianMTModel.from_pretrained(folder, dtype=torch.float32).eval()
            cases[name] = []
            for line in lines:
                row = model.generate(**tokenizer([line], return_tensors="pt"))[0]
                cases[name].append(tokenizer.decode(row, skip_special_tokens=True))
        print(f"{name}: {len(set(cases[name]))} different", flush=True)
    content = {"transformers": transformers.__version__, "lines": lines, "cases": cases}
    (HERE / "folder_cases.json").write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
