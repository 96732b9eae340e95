// How fast the updates of a run are on this machine, from a few of them on its text.
#pragma once

#include "core/log.h"
#include "data/encoded_corpus.h"
#include "folder/model_files.h"
#include "planning/auto_preset.h"
#include "runtime/torch.h"

namespace dragoman {

// Makes a model of these settings with random weights, and computes updates for so many seconds, at least
// kMeasuredUpdates after a first one that is not counted. Interrupted.
UpdateSpeed measure_updates(const AutoSettings& settings, const EncodedCorpus& corpus,
                            const TokenizerPair& tokenizers, const torch::Device& device, double seconds,
                            Log& log);

}  // namespace dragoman
