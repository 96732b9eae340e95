"""Translates standard input line by line, as people use CTranslate2: with SentencePiece in Python.

  ctranslate2_line.py FOLDER SPM PRECISION"""

import sys

import ctranslate2
import sentencepiece


def main():
    folder, spm, precision = sys.argv[1:]
    processor = sentencepiece.SentencePieceProcessor(model_file=spm)
    translator = ctranslate2.Translator(folder, device="cpu", compute_type=precision, intra_threads=1)
    for line in sys.stdin:
        pieces = processor.encode(line, out_type=str) + ["</s>"]
        result = translator.translate_batch([pieces], beam_size=1, min_decoding_length=25, max_decoding_length=25)
        print(processor.decode(result[0].hypotheses[0]), flush=True)


if __name__ == "__main__":
    main()
