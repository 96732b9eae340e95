"""Decodes tokens to tokens by CTranslate2 as often as it is asked; the protocol is that of decode_server.cpp.

  ctranslate2_server.py FOLDER PRECISION THREADS IDS     FOLDER: as ct2-transformers-converter made it"""

import json
import pathlib
import sys
import time

import ctranslate2


def main():
    folder, precision, threads, ids = sys.argv[1:]
    translator = ctranslate2.Translator(folder, device="cpu", compute_type=precision, intra_threads=int(threads),
                                        inter_threads=1)
    pieces = json.loads((pathlib.Path(folder) / "shared_vocabulary.json").read_text(encoding="utf-8"))
    sources = [[pieces[int(number)] for number in line.split()]
               for line in pathlib.Path(ids).read_text(encoding="utf-8").splitlines()]
    print("ready", flush=True)
    for line in sys.stdin:
        sentences, beam, length = map(int, line.split())
        begin = time.perf_counter()
        if length == 0:
            # It sorts by length and cuts into batches itself.
            translator.translate_batch(sources, beam_size=beam, max_batch_size=sentences, length_penalty=1)
            print(time.perf_counter() - begin, flush=True)
            continue
        batch = [sources[i % len(sources)] for i in range(sentences)]
        results = translator.translate_batch(batch, beam_size=beam, max_batch_size=0, min_decoding_length=length,
                                             max_decoding_length=length, length_penalty=1)
        seconds = time.perf_counter() - begin
        if any(len(result.hypotheses[0]) != length for result in results):
            sys.exit("wrong length")
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
