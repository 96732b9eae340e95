// Translates the settings of a model that Marian trained to those of a model folder.
//
// Every setting that Marian keeps in a model is in one of three lists (marian_settings.cpp). The first is
// implemented here. Of the second, only one value can be expressed; any other is refused by name, since many
// leave no trace in the tensors. The third has no effect on a trained Transformer. A setting in none of them
// is reported.
#pragma once

#include <string>
#include <vector>

#include "exchange/marian_yaml.h"
#include "folder/model_options.h"

namespace dragoman {

// How to make a model of `options` from the tensors of the file.
struct MarianShape {
  ModelOptions options;
  int64_t source_rows = 0, target_rows = 0;  // entries of the two vocabularies in the file, without <pad>
  bool one_embedding = true;                 // Wemb for both sides
  bool has_output_bias = true;               // --output-omit-bias
  bool has_projection = true;                // --transformer-no-projection: W_O is the identity
  std::vector<int64_t>
      decoder_layers;  // the layer whose tensors each layer uses, from 1 (--transformer-tied-layers)
};

// `same_pieces`: both vocabularies have the same pieces with the same ids. The smaller vocabulary is padded
// to the size of the larger one, since <pad> has one id for both sides. ModelError naming the setting that
// the layout cannot express.
MarianShape marian_shape(const MarianSettings& settings, int64_t source_rows, int64_t target_rows,
                         bool same_pieces);

// The number of entries in the embedding of one side (0 source, 1 target), from dim-vocabs. 0 if it is not
// set.
int64_t marian_vocabulary_size(const MarianSettings& settings, size_t side);

// Whether one of the lists knows this key.
bool is_marian_model_setting(const std::string& key);

// The settings that are in no list, for example those of a newer version of Marian.
std::vector<std::string> unknown_marian_settings(const MarianSettings& settings);

}  // namespace dragoman
