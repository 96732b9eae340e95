// model.safetensors: names, shapes, and what is refused.
// uses: torch
#include "model/weights.h"

#include <gtest/gtest.h>

#include <cstring>
#include <functional>
#include <map>

#include "core/files.h"
#include "folder/safetensors.h"
#include "folder/weight_names.h"
#include "tests/model/small_model.h"

namespace dragoman {
namespace {

std::vector<ModelOptions> variations() {
  std::vector<ModelOptions> all;
  for (const bool shared : {true, false}) {
    for (const bool tied : {true, false}) {
      for (const Norm norm : {Norm::kPost, Norm::kPre}) {
        ModelOptions o = shared ? small_options() : separate_options();
        o.tie_word_embeddings = tied, o.norm = norm;
        o.encoder_layers = 3, o.decoder_layers = 1, o.encoder_ffn_dim = 6, o.decoder_ffn_dim = 10;
        all.push_back(o);
      }
    }
  }
  return all;
}

std::map<std::string, torch::Tensor> tensors_of(const Transformer& model) {
  std::map<std::string, torch::Tensor> all;
  for (const auto& item : model->named_parameters()) all[item.key()] = item.value();
  for (const auto& item : model->named_buffers()) all[item.key()] = item.value();
  return all;
}

Transformer seeded_model(const ModelOptions& options, uint64_t seed) {
  torch::manual_seed(seed);
  Transformer model(options);
  const torch::NoGradGuard no_grad;
  for (auto& [name, tensor] : tensors_of(model)) tensor.normal_();
  return model;
}

// A file as other programs might write it: the bytes of each tensor of a model, to be changed before writing.
struct EditableFile {
  struct Tensor {
    DataType type;
    std::vector<int64_t> shape;
    std::string bytes;
  };
  std::map<std::string, Tensor> tensors;

  explicit EditableFile(const Transformer& model, torch::ScalarType scalar = torch::kFloat32,
                        DataType type = DataType::kFloat32) {
    const auto all = tensors_of(model);
    for (const auto& name : weight_names(model->options())) {
      const auto values = all.at(name.ours).detach().to(scalar).contiguous();
      tensors[name.file] = {
          type, name.shape, {static_cast<const char*>(values.const_data_ptr()), values.nbytes()}};
    }
  }

  std::string write(const TemporaryFolder& folder) const {
    std::vector<TensorToWrite> list;
    for (const auto& [name, tensor] : tensors)
      list.push_back({name, tensor.type, tensor.shape, tensor.bytes});
    write_safetensors(folder.path("model.safetensors"), list);
    return folder.path("model.safetensors");
  }
};

std::string refusal(const ModelOptions& options, const std::string& path) {
  Transformer model(options);
  try {
    load_weights(model, path);
  } catch (const ModelError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(WeightNames, AreTheModulesOwnParametersAndBuffersWithTheirShapes) {
  for (const auto& options : variations()) {
    auto own = tensors_of(Transformer(options));
    for (const auto& name : weight_names(options)) {
      ASSERT_EQ(own.count(name.ours), 1u) << name.ours;
      EXPECT_EQ(own.at(name.ours).sizes(), at::IntArrayRef(name.shape)) << name.ours;
      own.erase(name.ours);
    }
    EXPECT_TRUE(own.empty()) << own.begin()->first << " has no name in the file";
  }
}

TEST(WeightNames, AreHuggingFaces) {
  std::map<std::string, std::string> file_name;
  ModelOptions options = separate_options();
  options.tie_word_embeddings = false;
  for (const auto& name : weight_names(options)) file_name[name.ours] = name.file;
  EXPECT_EQ(file_name["source_embedding.weight"], "model.encoder.embed_tokens.weight");
  EXPECT_EQ(file_name["target_embedding.weight"], "model.decoder.embed_tokens.weight");
  EXPECT_EQ(file_name["encoder.layers.1.self_attention.query.weight"],
            "model.encoder.layers.1.self_attn.q_proj.weight");
  EXPECT_EQ(file_name["encoder.layers.0.feed_forward.inner.bias"], "model.encoder.layers.0.fc1.bias");
  EXPECT_EQ(file_name["encoder.layers.0.feed_forward_add_norm.norm.weight"],
            "model.encoder.layers.0.final_layer_norm.weight");
  EXPECT_EQ(file_name["decoder.layers.1.cross_attention.output.bias"],
            "model.decoder.layers.1.encoder_attn.out_proj.bias");
  EXPECT_EQ(file_name["decoder.layers.0.cross_attention_add_norm.norm.bias"],
            "model.decoder.layers.0.encoder_attn_layer_norm.bias");
  EXPECT_EQ(file_name["output_projection.weight"], "lm_head.weight");
  EXPECT_EQ(file_name["output_projection.bias"], "final_logits_bias");
  EXPECT_EQ(weight_names(small_options()).front().file, "model.shared.weight");
}

TEST(Weights, WhatIsSavedIsLoadedBitForBit) {
  const TemporaryFolder folder;
  for (const auto& options : variations()) {
    const Transformer saved = seeded_model(options, 1);
    save_weights(saved, folder.path("w"));
    Transformer loaded = seeded_model(options, 2);
    load_weights(loaded, folder.path("w"));
    const auto expected = tensors_of(saved);
    for (const auto& [name, tensor] : tensors_of(loaded))
      EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
    if (options.tie_word_embeddings) {
      EXPECT_TRUE(loaded->output_projection_->weight().is_same(loaded->target_embedding_->weight()));
    }
  }
}

TEST(Weights, AModelIsLoadedInEvaluationMode) {
  const TemporaryFolder folder;
  ModelOptions options = small_options();
  options.dropout = 0.5;
  Transformer saved = seeded_model(options, 1);
  save_weights(saved, folder.path("model.safetensors"));
  Transformer loaded = load_model(options, SafetensorsFile(folder.path("model.safetensors")));
  EXPECT_FALSE(loaded->is_training());
  saved->eval();
  const auto source = random_ids(2, 5), target = random_ids(2, 4);
  EXPECT_TRUE(close(loaded->forward(source, target), saved->forward(source, target), 0));
}

TEST(Weights, HalfAndDoublePrecisionFilesBecomeFloat32) {
  const TemporaryFolder folder;
  const Transformer model = seeded_model(small_options(), 3);
  for (const auto& [scalar, type] : {std::pair{torch::kFloat16, DataType::kFloat16},
                                     {torch::kBFloat16, DataType::kBFloat16},
                                     {torch::kFloat64, DataType::kFloat64}}) {
    Transformer loaded = seeded_model(small_options(), 4);
    load_weights(loaded, EditableFile(model, scalar, type).write(folder));
    const auto expected = tensors_of(model);
    for (const auto& [name, tensor] : tensors_of(loaded)) {
      EXPECT_EQ(tensor.scalar_type(), torch::kFloat32);
      EXPECT_TRUE(tensor.equal(expected.at(name).to(scalar).to(torch::kFloat32))) << name;
    }
  }
}

TEST(Weights, EachWrongTensorIsNamedWithItsFile) {
  const TemporaryFolder folder;
  const ModelOptions options = small_options();
  const EditableFile good(seeded_model(options, 5));
  ASSERT_EQ(refusal(options, good.write(folder)), "accepted");
  const std::string victim = "model.decoder.layers.1.fc2.weight",
                    begin = "[" + folder.path("model.safetensors") + ": ";
  const auto changed = [&](const std::function<void(EditableFile&)>& change) {
    EditableFile file = good;
    change(file);
    return refusal(options, file.write(folder));
  };
  for (const auto& name : weight_names(options)) {
    EXPECT_EQ(changed([&](auto& file) { file.tensors.erase(name.file); }),
              begin + name.file + "] expected this tensor, got none");
  }
  EXPECT_EQ(changed([](auto& file) {
              file.tensors["model.more"] = {DataType::kFloat32, {1}, "1234"};
            }),
            begin + "model.more] expected only tensors of this model, got one more");
  EXPECT_EQ(changed([&](auto& file) {
              file.tensors[victim].shape = {12, 8};
            }),  // transposed
            begin + victim + "] expected shape [8,12] (config.json), got [12,8]");
  EXPECT_EQ(changed([&](auto& file) { file.tensors[victim].shape = {96}; }),
            begin + victim + "] expected shape [8,12] (config.json), got [96]");
  EXPECT_EQ(changed([](auto& file) { file.tensors["final_logits_bias"].shape = {13}; }),
            begin + "final_logits_bias] expected shape [1,13] (config.json), got [13]");
  for (const auto& [type, name] : {std::pair{DataType::kInt32, "I32"}, {DataType::kInt8, "I8"}}) {
    EXPECT_EQ(changed([&](auto& file) {
                auto& tensor = file.tensors[victim];
                tensor.type = type;
                tensor.bytes.resize(96 * static_cast<size_t>(bytes_of(type)));
              }),
              begin + victim + "] expected floating-point numbers, got " + name);
  }
  EXPECT_EQ(changed([&](auto& file) { file.tensors[victim].bytes.replace(4 * 95, 4, "\xFF\xFF\xFF\xFF"); }),
            begin + victim + "] expected finite numbers, got NaN or infinity");
}

TEST(Weights, ARefusedFileLeavesTheModelAsItWas) {
  const TemporaryFolder folder;
  EditableFile file(seeded_model(small_options(), 5));
  file.tensors.erase("final_logits_bias");  // the last of all
  const std::string path = file.write(folder);
  Transformer model = seeded_model(small_options(), 6);
  const auto before = model->source_embedding_->weight().detach().clone();
  EXPECT_THROW(load_weights(model, path), ModelError);
  EXPECT_TRUE(model->source_embedding_->weight().equal(before));
}

TEST(Weights, AFileCutAnywhereIsAModelErrorThatNamesIt) {
  const TemporaryFolder folder;
  ModelOptions options = small_options();
  options.encoder_layers = options.decoder_layers = 1;
  const std::string path = EditableFile(seeded_model(options, 7)).write(folder);
  const std::string whole = read_file(path, ErrorKind::kData);
  uint64_t header = 0;
  std::memcpy(&header, whole.data(), 8);  // little endian, as this machine
  for (const size_t size : {size_t{0}, size_t{1}, size_t{7}, size_t{8}, size_t{100}, 7 + header, 8 + header,
                            9 + header, whole.size() / 2, whole.size() - 4, whole.size() - 1}) {
    const std::string message = refusal(options, folder.write("model.safetensors", whole.substr(0, size)));
    EXPECT_EQ(message.rfind("[" + path, 0), 0u) << size << ": " << message;
  }
}

TEST(Weights, AliasesOfASharedEmbeddingAreIgnored) {
  const TemporaryFolder folder;
  const EditableFile::Tensor anything{DataType::kFloat32, {1, 2}, "12345678"};
  const char* embeddings[] = {"model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"};
  EditableFile shared(seeded_model(small_options(), 8));
  for (const char* name : {embeddings[0], embeddings[1], "lm_head.weight"}) shared.tensors[name] = anything;
  EXPECT_EQ(refusal(small_options(), shared.write(folder)), "accepted");
  // What is no alias is not ignored.
  ModelOptions untied = small_options();
  untied.tie_word_embeddings = false;
  EXPECT_FALSE(may_be_ignored("lm_head.weight", untied));
  EXPECT_FALSE(may_be_ignored(embeddings[0], separate_options()));
  EXPECT_FALSE(may_be_ignored(embeddings[1], separate_options()));
  EXPECT_TRUE(may_be_ignored("lm_head.weight", separate_options()));
  EXPECT_FALSE(may_be_ignored("model.shared.weight", separate_options()));
}

TEST(Weights, ASharedEmbeddingWithoutATiedProjectionIsWrittenForEachSideToo) {
  // transformers 5 reads only the sides' own tensors then: without them it starts from random embeddings.
  const TemporaryFolder folder;
  ModelOptions untied = small_options();
  untied.tie_word_embeddings = false;
  save_weights(seeded_model(untied, 11), folder.path("w"));
  const SafetensorsFile file(folder.path("w"));
  const auto& tensors = file.header().tensors;
  for (const char* name : {"model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight"}) {
    ASSERT_EQ(tensors.count(name), 1u) << name;
    EXPECT_EQ(tensors.at(name).shape, tensors.at("model.shared.weight").shape);
    EXPECT_EQ(file.bytes(tensors.at(name)), file.bytes(tensors.at("model.shared.weight")));
  }
  save_weights(seeded_model(small_options(), 11), folder.path("tied"));
  EXPECT_EQ(SafetensorsFile(folder.path("tied")).header().tensors.count("model.encoder.embed_tokens.weight"),
            0u);
}

TEST(Weights, CopiesOfASharedEmbeddingThatDifferAreRefusedByName) {
  const TemporaryFolder folder;
  ModelOptions untied = small_options();
  untied.tie_word_embeddings = false;
  EditableFile file(seeded_model(untied, 12));
  file.tensors["model.decoder.embed_tokens.weight"] = file.tensors.at("model.shared.weight");
  EXPECT_EQ(refusal(untied, file.write(folder)), "accepted");
  file.tensors["model.decoder.embed_tokens.weight"].bytes[0] ^= 1;
  EXPECT_NE(refusal(untied, file.write(folder))
                .find("model.safetensors: model.decoder.embed_tokens.weight] "
                      "expected the values of model.shared.weight"),
            std::string::npos);
}

TEST(Weights, DataAtAnOddPlaceOfTheFileIsLoadedToo) {
  // Other writers do not pad the header: the data may begin at any byte.
  const TemporaryFolder folder;
  const Transformer model = seeded_model(small_options(), 9);
  const std::string padded = read_file(EditableFile(model).write(folder), ErrorKind::kData);
  uint64_t header = 0;
  std::memcpy(&header, padded.data(), 8);
  std::string content = padded.substr(0, 8 + header) + " " + padded.substr(8 + header);
  ++header;
  std::memcpy(content.data(), &header, 8);
  Transformer loaded = seeded_model(small_options(), 10);
  load_weights(loaded, folder.write("odd.safetensors", content));
  const auto expected = tensors_of(model);
  for (const auto& [name, tensor] : tensors_of(loaded)) EXPECT_TRUE(tensor.equal(expected.at(name))) << name;
}

TEST(Weights, AnUnwritablePathIsADataErrorThatNamesIt) {
  const TemporaryFolder folder;
  const std::string path = folder.path("none/model.safetensors");
  try {
    save_weights(seeded_model(small_options(), 1), path);
    ADD_FAILURE();
  } catch (const DataError& error) {
    EXPECT_NE(std::string(error.what()).find(path), std::string::npos);
  }
}

// A position table of this scale, rounded to this type, as a tensor of a file.
EditableFile::Tensor positions_of(const ModelOptions& o, PositionScale scale, torch::ScalarType scalar,
                                  DataType type) {
  const auto rows = position_rows(0, o.max_position_embeddings, o.d_model, scale).to(scalar).contiguous();
  return {type,
          {o.max_position_embeddings, o.d_model},
          {static_cast<const char*>(rows.const_data_ptr()), rows.nbytes()}};
}

TEST(Weights, PositionsInTheFileAreComputedWithAndWrittenAgain) {
  const TemporaryFolder folder;
  ModelOptions o = small_options();
  o.max_position_embeddings = 5;
  const struct {
    PositionScale scale;
    torch::ScalarType scalar;
    DataType type;
    bool given;
  } cases[] = {{PositionScale::kPaper, torch::kFloat32, DataType::kFloat32, false},
               {PositionScale::kPaper, torch::kFloat16, DataType::kFloat16, true},
               {PositionScale::kPaper, torch::kBFloat16, DataType::kBFloat16, true},
               {PositionScale::kMarian, torch::kFloat32, DataType::kFloat32, true},
               {PositionScale::kMarian, torch::kFloat16, DataType::kFloat16, true}};
  for (const auto& one : cases) {
    EditableFile file(seeded_model(o, 1));
    for (const char* name : kPositionNames)
      file.tensors[name] = positions_of(o, one.scale, one.scalar, one.type);
    Transformer model(o);
    load_weights(model, file.write(folder));
    EXPECT_EQ(!model->positions_->positions().given.empty(), one.given);
    // Five rows from the file, and the formula after them.
    const auto rows = position_rows(0, 9, o.d_model, one.scale);
    const auto expected =
        torch::cat({rows.narrow(0, 0, 5).to(one.scalar).to(torch::kFloat32), rows.narrow(0, 5, 4)});
    EXPECT_TRUE(close(model->positions_->rows_from(0, 9), expected, 1e-7));
    EXPECT_TRUE(close(model->positions_->rows_from(4, 2), expected.narrow(0, 4, 2), 1e-7));
    const auto x = torch::rand({2, 9, o.d_model});
    EXPECT_TRUE(close(model->positions_->forward(x), x + expected, 1e-6));
    save_weights(model, folder.path("again"));
    Transformer again(o);
    load_weights(again, folder.path("again"));
    EXPECT_TRUE(close(again->positions_->rows_from(0, 9), expected, 0));
  }
}

TEST(Weights, OtherPositionsThanSinesAndCosinesAreRefused) {
  const TemporaryFolder folder;
  ModelOptions o = small_options();
  o.max_position_embeddings = 5;
  EditableFile file(seeded_model(o, 1));
  const auto table = positions_of(o, PositionScale::kPaper, torch::kFloat32, DataType::kFloat32);
  const auto expect_refused = [&](const std::string& why) {
    const std::string got = refusal(o, file.write(folder));
    EXPECT_NE(got.find(why), std::string::npos) << got;
  };
  file.tensors[kPositionNames[0]] = table;
  expect_refused("both tables of positions or none");
  file.tensors[kPositionNames[1]] =
      positions_of(o, PositionScale::kMarian, torch::kFloat32, DataType::kFloat32);
  expect_refused("the same for encoder and decoder");
  auto learned = table;
  const float other = 0.5F;
  std::memcpy(learned.bytes.data() + 8, &other, sizeof other);
  file.tensors[kPositionNames[0]] = file.tensors[kPositionNames[1]] = learned;
  expect_refused("got other positions");
  file.tensors[kPositionNames[0]] = file.tensors[kPositionNames[1]] = table;
  o.max_position_embeddings = 6;
  expect_refused("expected shape [6,8] (config.json), got [5,8]");
}

TEST(Weights, ATiedTensorMayStandUnderAnyOfItsNames) {
  const TemporaryFolder folder;
  const auto expected = seeded_model(small_options(), 1);
  for (const char* name :
       {"model.encoder.embed_tokens.weight", "model.decoder.embed_tokens.weight", "lm_head.weight"}) {
    EditableFile file(expected);
    auto node = file.tensors.extract("model.shared.weight");
    node.key() = name;
    file.tensors.insert(std::move(node));
    Transformer model(small_options());
    load_weights(model, file.write(folder));
    EXPECT_TRUE(close(model->target_embedding_->weight(), expected->target_embedding_->weight(), 0)) << name;
  }
  ModelOptions untied = small_options();
  untied.tie_word_embeddings = false;
  EditableFile file(seeded_model(untied, 1));
  file.tensors.erase("model.shared.weight");  // lm_head.weight is there, and is another tensor
  EXPECT_NE(refusal(untied, file.write(folder)).find("model.shared.weight] expected this tensor"),
            std::string::npos);
}

TEST(Weights, AreWrittenInTheNumbersAskedFor) {
  const TemporaryFolder folder;
  const auto model = seeded_model(small_options(), 1);
  for (const auto& [type, scalar] :
       {std::pair(DataType::kFloat16, torch::kFloat16), std::pair(DataType::kBFloat16, torch::kBFloat16)}) {
    save_weights(model, folder.path("f"), type);
    const SafetensorsFile file(folder.path("f"));
    EXPECT_EQ(file.header().tensors.at("model.shared.weight").type, type);
    Transformer loaded(small_options());
    load_weights(loaded, folder.path("f"));
    const auto& weight = model->target_embedding_->weight();
    EXPECT_TRUE(close(loaded->target_embedding_->weight(), weight.to(scalar).to(torch::kFloat32), 0));
  }
  {
    const torch::NoGradGuard no_grad;
    model->target_embedding_->weight()[3][3] = 70000;
  }
  EXPECT_THROW(save_weights(model, folder.path("f"), DataType::kFloat16), std::runtime_error);
  EXPECT_NO_THROW(save_weights(model, folder.path("f"), DataType::kBFloat16));
}

}  // namespace
}  // namespace dragoman
