// Tiny models, random ids, and a comparison of tensors that reports the largest difference.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "folder/model_options.h"
#include "runtime/torch.h"

namespace dragoman {

inline ModelOptions small_options() {
  ModelOptions o;
  o.vocab_size = o.decoder_vocab_size = 13, o.pad_token_id = 12;
  o.d_model = 8, o.encoder_layers = 2, o.decoder_layers = 2;
  o.encoder_attention_heads = 2, o.decoder_attention_heads = 2;
  o.encoder_ffn_dim = 12, o.decoder_ffn_dim = 12;
  o.dropout = 0;
  return o;
}

// Separate vocabularies of 11 and 13.
inline ModelOptions separate_options() {
  ModelOptions o = small_options();
  o.vocab_size = 11;
  o.share_encoder_decoder_embeddings = false;
  return o;
}

// [B,length] ids of text: 1 .. 9.
inline torch::Tensor random_ids(int64_t batch, int64_t length) {
  return torch::randint(1, 10, {batch, length}, torch::kInt64);
}

inline testing::AssertionResult close(const torch::Tensor& got, const torch::Tensor& expected,
                                      double tolerance) {
  if (got.sizes() != expected.sizes())
    return testing::AssertionFailure() << "shape " << got.sizes() << ", expected " << expected.sizes();
  const auto difference = (got.detach().to(torch::kFloat64) - expected.detach().to(torch::kFloat64)).abs();
  // Not "difference > tolerance": NaN is never close.
  if (difference.le(tolerance).all().item<bool>()) return testing::AssertionSuccess();
  return testing::AssertionFailure() << "differs by up to " << difference.max().item<double>();
}

}  // namespace dragoman
