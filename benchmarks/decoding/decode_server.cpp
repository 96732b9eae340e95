// Decodes ids to ids as often as it is asked, for benchmarks/decoding/run: what CTranslate2's translate_batch
// does.
//
//   decode_server FOLDER PRECISION THREADS IDS       IDS: a file, ids of one source a line, </s> at the end
//
// Reads lines "sentences beam length" from standard input: decodes that many of the sources as one batch to
// exactly so many tokens each, and answers with the seconds that it took. With length 0: all sources, the
// longest first, in batches of so many, each hypothesis as long as the model makes it.
#include <algorithm>
#include <chrono>
#include <iostream>
#include <sstream>

#include "core/lines.h"
#include "decoding/packed/packed_engine.h"
#include "folder/model_folder.h"
#include "folder/weight_file.h"

namespace {

using namespace dragoman;

std::vector<std::vector<int64_t>> read_ids(const std::string& path) {
  LineReader reader(path);
  std::vector<std::vector<int64_t>> all;
  for (std::string line; reader.next(line);) {
    std::istringstream numbers(line);
    all.emplace_back(std::istream_iterator<int64_t>(numbers), std::istream_iterator<int64_t>());
  }
  return all;
}

using Sources = std::vector<std::vector<int64_t>>;

bool decode_forced(const PackedEngine& engine, const Sources& sources, int64_t sentences, int64_t beam,
                   int64_t length) {
  std::vector<const std::vector<int64_t>*> batch;
  for (int64_t i = 0; i < sentences; ++i)
    batch.push_back(&sources.at(static_cast<size_t>(i) % sources.size()));
  SearchOptions options;
  options.beam_size = beam, options.min_length = length;
  const auto results = engine.search(batch, options, {std::vector<int64_t>(batch.size(), length), 0});
  return std::all_of(results.begin(), results.end(), [&](const std::vector<Hypothesis>& result) {
    return static_cast<int64_t>(result.at(0).ids.size()) == length;
  });
}

void decode_all(const PackedEngine& engine, const Sources& sources, int64_t sentences, int64_t beam) {
  std::vector<const std::vector<int64_t>*> order;
  for (const auto& source : sources) order.push_back(&source);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto* a, const auto* b) { return a->size() > b->size(); });
  SearchOptions options;
  options.beam_size = beam;
  for (size_t begin = 0; begin < order.size();) {
    const size_t end = std::min(order.size(), begin + static_cast<size_t>(sentences));
    SearchLimits limits;
    for (size_t i = begin; i < end; ++i)
      limits.lengths.push_back(options.limit(static_cast<int64_t>(order[i]->size()), 512));
    engine.search({order.begin() + static_cast<std::ptrdiff_t>(begin),
                   order.begin() + static_cast<std::ptrdiff_t>(end)},
                  options, limits);
    begin = end;
  }
}

int serve(const std::string& folder, const std::string& precision, int threads, const std::string& ids) {
  const ModelFolder model = ModelFolder::read(folder);
  const auto type = precision == "int8"       ? WeightType::kInt8
                    : precision == "bfloat16" ? WeightType::kBFloat16
                                              : WeightType::kFloat32;
  const PackedEngine engine(model.options, map_weights(model.options, model.weights),
                            {type, {model.options.target_pad_id()}, threads, 1});
  const auto sources = read_ids(ids);
  std::cout << "ready" << std::endl;
  int64_t sentences = 0, beam = 0, length = 0;
  while (std::cin >> sentences >> beam >> length) {
    const auto begin = std::chrono::steady_clock::now();
    if (length == 0)
      decode_all(engine, sources, sentences, beam);
    else if (!decode_forced(engine, sources, sentences, beam, length))
      return std::cerr << "wrong length\n", 1;
    std::cout << std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() << std::endl;
  }
  return 0;
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return std::cerr << "usage: decode_server FOLDER PRECISION THREADS IDS\n", 2;
  try {
    return serve(arguments[1], arguments[2], std::stoi(arguments[3]), arguments[4]);
  } catch (const std::exception& error) {
    return std::cerr << error.what() << '\n', 1;
  }
}
