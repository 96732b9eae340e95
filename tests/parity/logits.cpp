// parity_logits: the logits of a model folder, as raw numbers, for transformers_parity.py.
//
//   parity_logits MODEL PAIRS notes|cached OUTPUT
//
// PAIRS: a sentence pair each line, source ids, a tab, target ids; ids are separated by spaces and </s> is
// among them. OUTPUT: of each pair the logits [T,V] when decoding is forced to take the target tokens,
// float32 in this machine's byte order, one pair after the other. `notes` are the blocks of model/ that are
// trained, `cached` is the decoder that translates, for which <pad> is -inf.
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/lines.h"
#include "decoding/torch/torch_decoder.h"
#include "model/weights.h"

namespace dragoman {
namespace {

std::vector<int64_t> read_ids(const std::string& text, const LineReader& reader) {
  std::istringstream stream(text);
  std::vector<int64_t> ids;
  for (int64_t id = 0; stream >> id;) ids.push_back(id);
  if (ids.empty() || !stream.eof()) {
    throw DataError(reader.path() + ":" + std::to_string(reader.line_number()),
                    "expected ids separated by spaces, got '" + text + "'");
  }
  return ids;
}

torch::Tensor as_row(const std::vector<int64_t>& ids) {
  return torch::tensor(ids, torch::kInt64).unsqueeze(0);
}

// decoder_input: <pad> and all target tokens but the last. Both return [T,V].
std::vector<float> notes_logits(Transformer& model, const std::vector<int64_t>& source,
                                const std::vector<int64_t>& decoder_input) {
  const auto logits = model->forward(as_row(source), as_row(decoder_input)).contiguous();
  return {logits.const_data_ptr<float>(), logits.const_data_ptr<float>() + logits.numel()};
}

std::vector<float> cached_logits(TorchDecoder& decoder, const std::vector<int64_t>& source,
                                 const std::vector<int64_t>& decoder_input) {
  decoder.start({&source});
  std::vector<float> logits;
  for (const int64_t token : decoder_input) {
    decoder.step({{0, 0, token}}).for_each_row([&](int64_t, const float* row) {
      logits.insert(logits.end(), row, row + decoder.vocabulary());
    });
  }
  return logits;
}

void write_logits(const std::string& folder, const std::string& pairs, bool cached,
                  const std::string& output) {
  const c10::InferenceMode inference;
  Transformer model = load_model_folder(folder, torch::kCPU).model;
  TorchDecoder decoder(model, {model->options().target_pad_id()});
  LineReader reader(pairs);
  FileWriter writer(output);
  for (std::string line; reader.next(line);) {
    const size_t tab = line.find('\t');
    const auto source = read_ids(line.substr(0, tab), reader);
    auto target = read_ids(tab == std::string::npos ? "" : line.substr(tab + 1), reader);
    target.insert(target.begin(), decoder.start_id());
    target.pop_back();
    const auto logits = cached ? cached_logits(decoder, source, target) : notes_logits(model, source, target);
    writer.write(logits.data(), logits.size() * sizeof(float));
  }
  writer.close();
}

}  // namespace
}  // namespace dragoman

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.size() != 4 || (arguments[2] != "notes" && arguments[2] != "cached")) {
    std::cerr << "usage: parity_logits MODEL PAIRS notes|cached OUTPUT\n";
    return 2;
  }
  try {
    dragoman::write_logits(arguments[0], arguments[1], arguments[2] == "cached", arguments[3]);
  } catch (const std::exception& error) {
    std::cerr << "parity_logits: error: " << error.what() << '\n';
    return 1;
  }
  return 0;
}
