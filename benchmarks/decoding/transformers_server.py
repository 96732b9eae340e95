"""Decodes ids to ids by transformers as often as it is asked; the protocol is that of decode_server.cpp.

  transformers_server.py FOLDER PRECISION THREADS IDS     PRECISION: float32"""

import pathlib
import sys
import time

import torch
import transformers


def decode_all(model, sources, sentences, beam):
    order = sorted(sources, key=len, reverse=True)
    pad = model.config.pad_token_id
    for begin in range(0, len(order), sentences):
        part = order[begin:begin + sentences]
        batch = torch.tensor([ids + [pad] * (len(part[0]) - len(ids)) for ids in part])
        with torch.inference_mode():
            model.generate(input_ids=batch, attention_mask=(batch != pad).long(), num_beams=beam, do_sample=False)


def main():
    folder, precision, threads, ids = sys.argv[1:]
    if precision != "float32":
        sys.exit(f"precision {precision}: float32 only")
    torch.set_num_threads(int(threads))
    transformers.logging.set_verbosity_error()
    model = transformers.MarianMTModel.from_pretrained(folder).eval()
    sources = [list(map(int, line.split())) for line in pathlib.Path(ids).read_text(encoding="utf-8").splitlines()]
    print("ready", flush=True)
    for line in sys.stdin:
        sentences, beam, length = map(int, line.split())
        begin = time.perf_counter()
        if length == 0:
            decode_all(model, sources, sentences, beam)
            print(time.perf_counter() - begin, flush=True)
            continue
        batch = torch.tensor([sources[i % len(sources)] for i in range(sentences)])
        with torch.inference_mode():
            result = model.generate(input_ids=batch, attention_mask=torch.ones_like(batch), num_beams=beam,
                                    min_new_tokens=length, max_new_tokens=length, do_sample=False)
        seconds = time.perf_counter() - begin
        if result.shape[1] != length + 1:
            sys.exit("wrong length")
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
