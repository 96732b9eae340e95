// A model that Marian trained (an .npz) as one of ours: its settings, and its weights under Hugging Face's
// names.
//
//   Wemb, encoder_Wemb, decoder_Wemb         [V,D]; <pad>, which Marian does not have, becomes a row of zeros
//   behind encoder_l1_self_Wq, _bq, ...             [D,D] by columns, [1,D] encoder_l1_self_Wo_ln_scale,
//   _ln_bias    [1,D] decoder_l1_context_Wq, ...               attention over the encoder encoder_l1_ffn_W1,
//   _b1, _W2, _b2         [D,F], [1,F], [F,D], [1,D] decoder_ff_logit_out_b, _W or _Wt        [1,V], [D,V] or
//   [V,D] special:model.yml                        the settings
//
// Marian's layer norms add 1e-6 under the root where Hugging Face's add 1e-5; the difference shows in the
// sixth digit.
#pragma once

#include "exchange/gathered_weights.h"
#include "exchange/marian_yaml.h"
#include "exchange/npz_file.h"
#include "model/position_table.h"

namespace dragoman {

// The settings inside the file. ModelError.
MarianSettings marian_settings(const NpzFile& file);

// ModelError naming the setting that our layout cannot express: recurrent or pre-norm models, trained
// positions, factors. `vocab_size`, `decoder_vocab_size`: pieces, without <pad>.
ModelOptions marian_model_options(const MarianSettings& settings, int64_t vocab_size,
                                  int64_t decoder_vocab_size);

// All weights. Position tables are written for Marian's scale only: the paper's is everybody's default.
// ModelError for one that is missing, of another shape, or left over.
GatheredWeights gather_marian_weights(const NpzFile& file, const ModelOptions& options,
                                      PositionScale positions);

}  // namespace dragoman
