// parity_logits: the logits of a model folder, as raw numbers, for transformers_parity.py.
//
//   parity_logits MODEL PAIRS notes|cached OUTPUT
//
// PAIRS: a sentence pair each line, source ids, a tab, target ids; ids are separated by spaces and </s> is
// among them. OUTPUT: of each pair the logits [T,V] when decoding is forced to take the target tokens,
// float32 in this machine's byte order, one pair behind the other. `notes` are the blocks of model/ that are
// trained, `cached` is the decoder that translates, for which <pad> is -inf.
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

#include "core/files.h"
#include "core/lines.h"
#include "decoding/cached_decoder.h"
#include "model/weights.h"

namespace dragoman {
namespace {

std::vector<int64_t> read_ids(const std::string& text, const LineReader& reader) {
  std::istringstream stream(text);
  std::vector<int64_t> ids;
  for (int64_t id = 0; stream >> id;) ids.push_back(id);
  if (ids.empty() || !stream.eof()) {
    throw DataError(reader.path() + ":" + std::to_string(reader.line_number()),
                    "required ids separated by spaces, got '" + text + "'");
  }
  return ids;
}

torch::Tensor as_row(const std::vector<int64_t>& ids) {
  return torch::tensor(ids, torch::kInt64).unsqueeze(0);
}

// decoder_input: [1,T], <pad> and all target tokens but the last. Both return [T,V].
torch::Tensor notes_logits(Transformer& model, const torch::Tensor& source,
                           const torch::Tensor& decoder_input) {
  return model->forward(source, decoder_input)[0];
}

torch::Tensor cached_logits(const CachedDecoder& decoder, const torch::Tensor& source,
                            const torch::Tensor& decoder_input) {
  DecoderState state = decoder.start(source, 1);
  std::vector<torch::Tensor> steps;
  for (int64_t t = 0; t < decoder_input.size(1); ++t) {
    steps.push_back(decoder.step(decoder_input.select(1, t), state));
  }
  return torch::cat(steps);
}

void write_logits(const std::string& folder, const std::string& pairs, bool cached,
                  const std::string& output) {
  const c10::InferenceMode inference;
  Transformer model = load_model(folder);
  const CachedDecoder decoder(model, {model->options().target_pad_id()});
  LineReader reader(pairs);
  FileWriter writer(output);
  for (std::string line; reader.next(line);) {
    const size_t tab = line.find('\t');
    const auto source = as_row(read_ids(line.substr(0, tab), reader));
    auto target = read_ids(tab == std::string::npos ? "" : line.substr(tab + 1), reader);
    target.insert(target.begin(), decoder.start_id());
    target.pop_back();
    const auto decoder_input = as_row(target);
    const auto logits =
        (cached ? cached_logits(decoder, source, decoder_input) : notes_logits(model, source, decoder_input))
            .contiguous();
    writer.write(logits.const_data_ptr<float>(), static_cast<size_t>(logits.numel()) * sizeof(float));
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
