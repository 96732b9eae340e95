// The tensors of a model that Marian trained, under Hugging Face's names.
//
//   Wemb, encoder_Wemb, decoder_Wemb           [V,D]
//   encoder_l1_self_Wq, _bq, ...               [D,D] by columns, [1,D]
//   encoder_l1_self_Wo_ln_scale, _ln_bias      [1,D]; in a pre-norm model _ln_scale_pre, _ln_bias_pre
//   decoder_l1_context_Wq, ...                 attention to the encoder
//   encoder_l1_ffn_W1, _b1, _W2, _b2           [D,F], [1,F], [F,D], [1,D]
//   encoder_top_ln_scale, _ln_bias             [1,D]; only in a pre-norm model
//   decoder_ff_logit_out_b, _W or _Wt          [1,V], [D,V] or [V,D]
//   special:model.yml                          the settings
//
// Marian has no <pad>. It is added as a row of zeros to the embeddings.
// Marian's layer norms add 1e-6 under the root, Hugging Face's add 1e-5. The difference shows in the sixth
// digit.
#pragma once

#include "exchange/gathered_weights.h"
#include "exchange/marian_settings.h"
#include "folder/position_table.h"

namespace dragoman {

// The settings inside the file at `path`. ModelError.
MarianSettings marian_settings(const ForeignTensors& arrays, const std::string& path);

// All weights. Position tables are written only for Marian's scale: the paper's is the default of every
// program. ModelError for a tensor that is missing, has another shape or type, or is not part of the model.
GatheredWeights gather_marian_weights(const ForeignTensors& arrays, const std::string& path,
                                      const MarianShape& shape, PositionScale positions);

}  // namespace dragoman
