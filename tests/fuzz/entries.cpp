#include "tests/fuzz/entries.h"

#include <algorithm>
#include <stdexcept>

#include "app/command_line.h"
#include "core/error.h"
#include "core/files.h"
#include "core/json.h"
#include "core/lines.h"
#include "core/memory_file.h"
#include "core/utf8.h"
#include "data/corpus_doctor.h"
#include "decoding/search_options.h"
#include "exchange/marian_bin.h"
#include "exchange/marian_model.h"
#include "exchange/marian_search.h"
#include "exchange/marian_vocabulary.h"
#include "exchange/npz_file.h"
#include "exchange/torch_file.h"
#include "folder/config.h"
#include "folder/manifest.h"
#include "folder/safetensors.h"
#include "folder/weight_names.h"
#include "planning/training_options.h"
#include "planning/training_state.h"
#include "tokenizer/subword_sampler.h"
#include "tokenizer/trainer.h"
#include "tokenizer/word_encoder.h"

namespace dragoman {
namespace {

// A broken promise of a parser. Not a dragoman::Error, so that nothing takes it for a refusal.
void require(bool holds, const char* promise) {
  if (!holds) throw std::logic_error(promise);
}

void safetensors(std::string_view bytes) {
  const SafetensorsHeader header = parse_safetensors_header(bytes, bytes.size(), "f");
  for (const auto& [name, tensor] : header.tensors) {
    uint64_t count = 1;
    for (const int64_t size : tensor.shape) count *= static_cast<uint64_t>(size);
    require(tensor.begin <= tensor.end && header.data_start + tensor.end <= bytes.size(), "inside the file");
    require(tensor.end - tensor.begin == count * static_cast<uint64_t>(bytes_of(tensor.type)),
            "bytes of its shape");
  }
  const MemoryFile file(bytes);
  const SafetensorsFile mapped(file.path());
  for (const auto& [name, tensor] : mapped.header().tensors)
    require(mapped.bytes(tensor).size() == tensor.end - tensor.begin, "readable");
}

void config(std::string_view bytes) {
  const nlohmann::json json = parse_json(bytes, "config.json", ErrorKind::kModel);
  GenerationDefaults defaults;
  try {
    parse_generation_config(json, "generation_config.json", defaults);
  } catch (const ModelError&) {
  }
  const ModelOptions options = parse_model_config(json, "config.json");
  require(options.d_model % options.encoder_attention_heads == 0, "whole heads");
  for (const auto& weight : weight_names(options))
    require(!weight.shape.empty() && weight.shape[0] > 0, "weights have a size");
}

void vocabulary(std::string_view bytes) {
  const Vocabulary read = Vocabulary::parse(bytes, "vocab.json");
  for (int64_t id = 0; id < read.size(); ++id)
    require(read.piece(id).empty() || read.id(read.piece(id)) == id, "a piece has one id");
  const std::string text = read.to_json();
  require(Vocabulary::parse(text, "again").to_json() == text, "what is written is read");
}

void spm(std::string_view bytes) {
  const Vocabulary pieces = vocabulary_of(bytes, "source.spm");
  const Tokenizer tokenizer = Tokenizer::from_bytes(bytes, pieces, "source.spm");
  const SubwordSampler sampler(tokenizer, 0.5);
  WordEncoder words(std::make_shared<const WordSplitter>(tokenizer), 100);
  for (const char* text : {"", "A small test of n\xC3\xA4mes, \xEF\xBC\xA1\xEF\xB7\xBA 12.",
                           " \xE2\x96\x81 <0x41>\xF0\x9F\x98\x80"}) {
    const auto ids = tokenizer.encode(text);
    std::vector<int32_t> by_word;
    for (int twice = 0; twice < 2; ++twice) {
      by_word.clear();
      words.encode(text, by_word);
      require(std::equal(ids.begin(), ids.end(), by_word.begin(), by_word.end()),
              "a line has the ids of its words");
    }
    for (const int64_t id : ids) require(id >= 0 && id < pieces.size(), "ids of the vocabulary");
    tokenizer.decode(ids, true);
    const std::vector<int32_t> narrow(ids.begin(), ids.end());
    for (const int32_t id : sampler.sample(narrow, 1))
      require(id >= 0 && id < pieces.size(), "ids of the vocabulary");
  }
}

// manifest.json over a folder with one file.
void manifest(std::string_view bytes) {
  static const TemporaryFolder folder;
  static const std::string file = folder.write("config.json", "{}"), path = folder.path(kManifestName);
  FileWriter writer(path);
  writer.write(bytes);
  const std::string folder_path = path.substr(0, path.rfind('/'));
  check_manifest(folder_path);
}

// The first byte says how the rest is read: as lines with tabs, or its halves as source and target.
void corpus(std::string_view bytes) {
  if (bytes.empty()) return;
  const std::string_view text = bytes.substr(1);
  const bool tabs = (bytes[0] & 1) != 0;
  const MemoryFile first(tabs ? text : text.substr(0, text.size() / 2)),
      second(tabs ? "" : text.substr(text.size() / 2));
  DoctorOptions options;
  if (tabs)
    options.text.pairs = {first.path()};
  else
    options.text = {{first.path()}, {second.path()}, {}};
  CorpusReport report;
  visit_parallel_text(
      options.text, report,
      [](const VisitedPair& pair) {
        require(is_valid_utf8(pair.source) && is_valid_utf8(pair.target), "valid UTF-8");
        require(!is_blank(pair.source) && !is_blank(pair.target), "text on both sides");
        require(pair.source.find('\n') == std::string::npos, "one line");
      },
      [](const DataError&) {});
  const Diagnosis diagnosis = diagnose(options, std::nullopt);
  require(diagnosis.report.kept == report.kept && report.kept <= report.read, "the same pairs");
  diagnosis.json().dump();
  diagnosis.lines();
}

// All the options that need no LibTorch, in one list: no other command has more kinds of them.
struct AllOptions {
  DoctorOptions doctor;
  TokenizerOptions tokenizer;
  ModelOptions model;
  TrainingOptions training;
  SearchOptions search;

  std::vector<OptionList> lists() {
    return {doctor.describe(), tokenizer.describe(), model.describe(), training.describe(),
            search.describe()};
  }
};

// Arguments end in NUL; the first byte picks the list of options.
void command_line(std::string_view bytes) {
  if (bytes.empty()) return;
  std::vector<std::string> arguments;
  for (std::string_view rest = bytes.substr(1); !rest.empty();) {
    const size_t end = std::min(rest.find('\0'), rest.size());
    arguments.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  AllOptions options;
  const auto lists = options.lists();
  const OptionList& list = lists[static_cast<unsigned char>(bytes[0]) % lists.size()];
  apply_flags(list, parse_flags(list, arguments));
  // What was accepted can be written down and read again.
  set_from_json(list, to_json(list), "run.json");
}

void settings(std::string_view bytes) {
  const nlohmann::json json = parse_json(bytes, "run.json", ErrorKind::kConfig);
  AllOptions options;
  for (const auto& list : options.lists()) {
    try {
      set_from_json(list, json, "run.json");
      const auto written = to_json(list);
      set_from_json(list, written, "again");
      require(to_json(list) == written, "what is written is read");
    } catch (const ConfigError&) {
    }
  }
}

void state(std::string_view bytes) {
  const TrainingState read = parse_training_state(bytes, "state.json");
  const std::string text = training_state_text(read);
  require(training_state_text(parse_training_state(text, "again")) == text, "what is written is read");
}

// All the entries of an archive, none of which may be more than the reader promises.
void zip(std::string_view bytes) {
  ZipFile file(bytes, "f.zip");
  size_t unpacked = 0;
  for (const auto& [name, entry] : file.entries()) {
    try {
      const std::string_view content = file.content(name);
      require(content.size() == entry.size, "the size of the directory");
      unpacked += entry.deflated ? content.size() : 0;
    } catch (const ModelError&) {
    }
  }
  require(unpacked <= std::max<size_t>(size_t{64} << 20, 8 * bytes.size()), "bounded memory");
}

// Every number of every tensor is there to be copied.
void copy_all(const ForeignTensors& tensors, size_t most) {
  for (const auto& [name, tensor] : tensors) {
    std::string buffer;
    const std::string_view numbers = row_major_bytes(tensor, buffer);
    require(numbers.size() <= most, "no more than the file has");
    size_t sum = 0;
    for (const char c : numbers) sum += static_cast<unsigned char>(c);
    require(sum <= 255 * numbers.size(), "readable");
  }
}

void torch_file(std::string_view bytes) {
  copy_all(TorchFile(bytes, "m.bin").tensors(), bytes.size());
}

void npz(std::string_view bytes) {
  const NpzFile file(bytes, "m.npz");
  copy_all(file.arrays(), std::max<size_t>(size_t{64} << 20, 8 * bytes.size()));
  marian_shape(marian_settings(file.arrays(), "m.npz"), 10, 10, true);
}

void marian_bin(std::string_view bytes) {
  const ForeignTensors tensors = parse_marian_bin(bytes, "m.bin");
  copy_all(tensors, bytes.size());
  marian_shape(marian_settings(tensors, "m.bin"), 10, 10, false);
}

void marian_settings_text(std::string_view bytes) {
  const MarianSettings settings = MarianSettings::parse(bytes, "model.yml");
  GenerationDefaults generation;
  std::vector<std::string> notes;
  try {
    apply_marian_search(settings, generation, notes);
  } catch (const ModelError&) {
  }
  const MarianShape shape = marian_shape(settings, 10, 10, true);
  require(shape.decoder_layers.size() == static_cast<size_t>(shape.options.decoder_layers),
          "whose each layer is");
}

void marian_vocabulary(std::string_view bytes, const std::string& name) {
  std::vector<std::string> notes, pieces = read_marian_vocabulary(bytes, name, 0, notes);
  require(pieces.size() <= 2 * bytes.size() + 1000, "bounded by the file");
  pieces.emplace_back("<pad>");
  Vocabulary(std::move(pieces), name);
}

// Marian's settings, its vocabularies in YAML and as text, and an array alone.
void marian_text(std::string_view bytes) {
  for (const int kind : {0, 1, 2, 3}) {
    try {
      if (kind == 0)
        marian_settings_text(bytes);
      else if (kind == 1)
        marian_vocabulary(bytes, "v.yml");
      else if (kind == 2)
        marian_vocabulary(bytes, "v.txt");
      else
        parse_npy(bytes, "x.npy");
    } catch (const ModelError&) {
    }
  }
}

template <void (*kParse)(std::string_view)>
void guarded(std::string_view bytes) {
  try {
    kParse(bytes);
  } catch (const Error&) {
  }
}

}  // namespace

const std::vector<FuzzEntry>& fuzz_entries() {
  static const std::vector<FuzzEntry> all = {{"safetensors", guarded<safetensors>},
                                             {"config", guarded<config>},
                                             {"vocabulary", guarded<vocabulary>},
                                             {"spm", guarded<spm>},
                                             {"manifest", guarded<manifest>},
                                             {"corpus", guarded<corpus>},
                                             {"command_line", guarded<command_line>},
                                             {"settings", guarded<settings>},
                                             {"state", guarded<state>},
                                             {"zip", guarded<zip>},
                                             {"torch_file", guarded<torch_file>},
                                             {"npz", guarded<npz>},
                                             {"marian_bin", guarded<marian_bin>},
                                             {"marian_text", guarded<marian_text>}};
  return all;
}

}  // namespace dragoman
