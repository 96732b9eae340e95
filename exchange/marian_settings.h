// What the settings of a model that Marian trained ask for, and how much of it a model folder can express.
//
// Every setting that Marian keeps in a model is in one of three lists (marian_settings.cpp): those that are
// implemented here, those of which only one value can be expressed (any other is refused by name: many leave
// no trace in the tensors), and those that have no effect on a trained Transformer. A setting in none of them
// is told.
#pragma once

#include <string>
#include <vector>

#include "exchange/marian_yaml.h"
#include "folder/model_options.h"

namespace dragoman {

// How the tensors of the file make up a model of `options`.
struct MarianShape {
  ModelOptions options;
  int64_t source_rows = 0, target_rows = 0;  // entries of the two vocabularies in the file, without <pad>
  bool one_embedding = true;                 // Wemb for both sides
  bool has_output_bias = true;               // --output-omit-bias
  bool has_projection = true;                // --transformer-no-projection: W_O is the identity
  std::vector<int64_t> decoder_layers;  // whose tensors each layer has, from 1 (--transformer-tied-layers)
};

// `same_pieces`: both vocabularies hold the same pieces with the same ids. Vocabularies of two sizes are
// filled up to one, since <pad> has one id for both sides. ModelError naming the setting that the layout
// cannot express.
MarianShape marian_shape(const MarianSettings& settings, int64_t source_rows, int64_t target_rows,
                         bool same_pieces);

// The entries that the embedding of one side (0 source, 1 target) has, from dim-vocabs; 0 when it does not
// say.
int64_t marian_vocabulary_size(const MarianSettings& settings, size_t side);

// Whether one of the lists knows this key.
bool is_marian_model_setting(const std::string& key);

// The settings that no list knows: of a version of Marian that is newer than the lists, say.
std::vector<std::string> unknown_marian_settings(const MarianSettings& settings);

}  // namespace dragoman
