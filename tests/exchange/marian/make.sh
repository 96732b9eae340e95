#!/usr/bin/env bash
# Made the files in this folder, with pymarian 1.12.42 (scripts/peers installs it): a model that Marian trained, the decoder.yml
# and the scores that Marian gives, and a vocabulary in Marian's YAML. Trained on the text below, the model knows nothing.
#
#   make.sh     run in this folder
set -euo pipefail
marian() { ../../../.venv-peers/bin/python -c 'import sys, _pymarian; sys.exit(_pymarian.main(sys.argv[1:]))' "$@"; }

printf '%s\n' 'the cat sees a tree' 'a tree sees the cat' 'the tree' 'a cat' > test.source
printf '%s\n' 'die katze sieht einen baum' 'ein baum sieht die katze' 'der baum' 'eine katze' > test.target
work=$(mktemp -d)
for side in source target; do for _ in $(seq 25); do cat test.$side; done > "$work/train.$side"; done
marian train --type transformer --dim-emb 4 --enc-depth 1 --dec-depth 1 --transformer-heads 2 --transformer-dim-ffn 6 \
  --tied-embeddings-all --train-sets "$work/train.source" "$work/train.target" --model model.npz --vocabs vocab.spm vocab.spm \
  --dim-vocabs 24 24 --sentencepiece-options '--normalization_rule_name=identity' --after 20u --mini-batch 16 \
  --learn-rate 0.05 --seed 1 --cpu-threads 1 --relative-paths --beam-size 6 --normalize 0.6 --overwrite --quiet
marian score --model model.npz --vocabs vocab.spm vocab.spm --train-sets test.source test.target --cpu-threads 1 --quiet > scores.txt
# Pieces that need quotes, each for its own reason.
cat > "$work/words" << 'END'
" ' : # ~ null true - ? {x} [y] \ &a *b !c % @ ` | > , 12 it's a:b 読 😀 ▁w
END
printf 'long%.0s' $(seq 50) >> "$work/words"
marian vocab < "$work/words" > vocab.yml 2> /dev/null
rm -rf model.npz.optimizer.npz model.npz.progress.yml model.npz.yml "$work"
