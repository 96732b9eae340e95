// Files of torch.save for tests, instruction by instruction (protocol 2).
#pragma once

#include <string>
#include <vector>

#include "tests/exchange/zip_writer.h"

namespace dragoman {

inline std::string text_object(const std::string& text) {
  return "X" + little(text.size(), 4) + text;
}
inline std::string number_object(int64_t number) {
  return "J" + little(static_cast<uint64_t>(number), 4);
}
inline std::string tuple_object(const std::vector<int64_t>& numbers) {
  std::string text = "(";
  for (const int64_t number : numbers) text += number_object(number);
  return text + "t";
}
inline std::string name_object(const std::string& module, const std::string& name) {
  return "c" + module + "\n" + name + "\n";
}
inline const std::string kEmptyDictionary = name_object("collections", "OrderedDict") + ")R";

struct StreamTensorToWrite {
  std::string name = "x", key = "0";
  int64_t count;  // of the storage
  int64_t offset = 0;
  std::vector<int64_t> shape, strides;
  std::string type = "FloatStorage";
  std::string whole = "";  // of the old format: no view of another storage

  std::string object() const {
    return name_object("torch._utils", "_rebuild_tensor_v2") + "((" + text_object("storage") +
           name_object("torch", type) + text_object(key) + text_object("cpu") + number_object(count) + whole +
           "tQ" + number_object(offset) + tuple_object(shape) + tuple_object(strides) + "\x89" +
           kEmptyDictionary + "tR";
  }
};

// A whole stream: an ordered dictionary of tensors, with the attribute that a state_dict has.
inline std::string tensors_stream(const std::vector<StreamTensorToWrite>& tensors) {
  std::string text = "\x80\x02" + kEmptyDictionary + "(";
  for (const auto& tensor : tensors) text += text_object(tensor.name) + tensor.object();
  return text + "u}" + text_object("_metadata") + kEmptyDictionary + "sb.";
}

inline std::string torch_archive(const std::string& stream,
                                 const std::vector<std::pair<std::string, std::string>>& storages) {
  std::vector<ZipMember> members = {{"m/data.pkl", stream}, {"m/byteorder", "little"}};
  for (const auto& [key, bytes] : storages) members.emplace_back("m/data/" + key, bytes);
  members.emplace_back("m/version", "3\n");
  return zip_of(members, true);
}

// The format before PyTorch 1.6. `counts`: the counts before the values of each storage.
inline std::string torch_streams(const std::string& stream,
                                 const std::vector<std::pair<std::string, std::string>>& storages,
                                 const std::vector<uint64_t>& counts,
                                 const std::string& little_endian = "\x88") {
  std::string text("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.\x80\x02M\xe9\x03.", 21);
  text += "\x80\x02}" + text_object("little_endian") + little_endian + "s." + stream + "\x80\x02](";
  for (const auto& [key, bytes] : storages) text += text_object(key);
  text += "e.";
  for (size_t i = 0; i < storages.size(); ++i) text += little(counts[i], 8) + storages[i].second;
  return text;
}

}  // namespace dragoman
