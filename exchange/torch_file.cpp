#include "exchange/torch_file.h"

#include <functional>
#include <map>
#include <optional>

#include "core/error.h"
#include "core/little_endian.h"
#include "exchange/object_stream.h"

namespace dragoman {
namespace {

constexpr std::string_view kObjects = "data.pkl";
// PROTO 2, LONG1 of 10 bytes: 0x1950a86a20f9469cfc6c
constexpr std::string_view kMagicStream("\x80\x02\x8a\x0al\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", 15);
constexpr int64_t kStreamsVersion = 1001;

// The bytes of a storage, or nullopt if the file does not have it.
using FindStorage = std::function<std::optional<std::string_view>(const StreamStorage&)>;

std::string_view bytes_of_storage(const StreamStorage& storage, const FindStorage& find,
                                  const std::string& path) {
  const std::string where = path + ": storage '" + std::string(storage.key) + "'";
  const auto bytes = find(storage);
  if (!bytes) throw ModelError(where, "expected its values, got none");
  int64_t size = 0;
  if (storage.count < 0 || __builtin_mul_overflow(storage.count, bytes_of(storage.type), &size) ||
      size > std::ssize(*bytes)) {
    throw ModelError(where, "expected " + std::to_string(storage.count) + " values of " +
                                data_type_name(storage.type) + ", got " + std::to_string(bytes->size()) +
                                " bytes");
  }
  return bytes->substr(0, size);
}

ForeignTensor tensor_of(const StreamTensor& described, const StreamObjects& objects, const FindStorage& find,
                        const std::string& path, const std::string& name) {
  const StreamStorage& storage = objects.storages[described.storage];
  const std::string_view bytes = bytes_of_storage(storage, find, path);
  int64_t begin = 0;
  if (described.offset < 0 || __builtin_mul_overflow(described.offset, bytes_of(storage.type), &begin) ||
      begin > std::ssize(bytes)) {
    throw ModelError(path + ": " + name,
                     "expected an offset inside its storage, got " + std::to_string(described.offset));
  }
  ForeignTensor tensor{storage.type, described.shape, described.strides, bytes.substr(begin)};
  checked_count(tensor, path + ": " + name);
  return tensor;
}

ForeignTensors tensors_of(const StreamValue& root, const StreamObjects& objects, const FindStorage& find,
                          const std::string& path) {
  if (root.kind != StreamValue::Kind::kDictionary)
    throw ModelError(path, "expected a dictionary of tensors, got another object");
  const auto& items = objects.items[root.number];
  ForeignTensors tensors;
  for (size_t i = 0; i + 1 < items.size(); i += 2) {
    if (items[i].kind != StreamValue::Kind::kText)
      throw ModelError(path, "expected names of tensors, got a key that is not text");
    const std::string name(items[i].text);
    if (items[i + 1].kind != StreamValue::Kind::kTensor)
      throw ModelError(path + ": " + name, "expected a tensor, got another object");
    tensors[name] = tensor_of(objects.tensors[items[i + 1].number], objects, find, path, name);
  }
  return tensors;
}

// The folder inside the archive that contains all files: "archive/", or another name.
std::string prefix_of(const ZipFile& zip) {
  std::optional<std::string> prefix;
  for (const auto& [name, entry] : zip.entries()) {
    const size_t slash = name.rfind('/');
    if (name.substr(slash == std::string::npos ? 0 : slash + 1) != kObjects) continue;
    if (prefix) throw ModelError(zip.path(), "expected one data.pkl, got several");
    prefix = name.substr(0, name.size() - kObjects.size());
  }
  if (!prefix) throw ModelError(zip.path(), "expected an archive of torch.save, got one without data.pkl");
  return *prefix;
}

// {'protocol_version': 1001, 'little_endian': True, 'type_sizes': {...}}
void check_byte_order(const StreamValue& facts, const StreamObjects& objects, const std::string& path) {
  if (facts.kind == StreamValue::Kind::kDictionary) {
    const auto& items = objects.items[facts.number];
    for (size_t i = 0; i + 1 < items.size(); i += 2) {
      if (items[i].text == "little_endian" && items[i + 1].kind == StreamValue::Kind::kTruth &&
          items[i + 1].number == 1)
        return;
    }
  }
  throw ModelError(path, "expected little-endian values, got another byte order");
}

// The parts after the objects: the list of keys, then the storages in its order.
std::map<std::string_view, std::string_view> storages_after(std::string_view bytes,
                                                            const StreamObjects& objects,
                                                            const std::string& path) {
  StreamObjects key_objects;
  const StreamValue keys = read_object(bytes, path, key_objects);
  if (keys.kind != StreamValue::Kind::kList)
    throw ModelError(path, "expected the keys of storages, got none");
  std::map<std::string_view, const StreamStorage*> described;
  for (const auto& storage : objects.storages) described[storage.key] = &storage;
  std::map<std::string_view, std::string_view> found;
  for (const auto& key : key_objects.items[keys.number]) {
    const auto storage = described.find(key.text);
    if (key.kind != StreamValue::Kind::kText || storage == described.end())
      throw ModelError(path, "expected the storages of its tensors, got another key");
    if (bytes.size() < 8)
      throw ModelError(path, "expected the values of each storage, got the end of the file");
    const uint64_t count = little_endian(bytes.substr(0, 8));
    bytes.remove_prefix(8);
    uint64_t size = 0;
    if (__builtin_mul_overflow(count, bytes_of(storage->second->type), &size) || size > bytes.size()) {
      throw ModelError(path, "expected the " + std::to_string(count) + " values of a storage, got " +
                                 std::to_string(bytes.size()) + " bytes (truncated?)");
    }
    found[storage->first] = bytes.substr(0, size);
    bytes.remove_prefix(size);
  }
  if (!bytes.empty())
    throw ModelError(
        path, "expected nothing after the last storage, got " + std::to_string(bytes.size()) + " bytes");
  return found;
}

}  // namespace

TorchFile::TorchFile(std::string_view bytes, const std::string& path) {
  if (ZipFile::begins_like_one(bytes))
    read_archive(bytes, path);
  else if (bytes.substr(0, kMagicStream.size()) == kMagicStream)
    read_streams(bytes.substr(kMagicStream.size()), path);
  else
    throw ModelError(path, "expected a file of torch.save, got something else");
}

void TorchFile::read_archive(std::string_view bytes, const std::string& path) {
  zip_ = std::make_unique<ZipFile>(bytes, path);
  const std::string prefix = prefix_of(*zip_), byte_order = prefix + "byteorder";
  if (zip_->entries().count(byte_order) > 0 && zip_->content(byte_order) != "little")
    throw ModelError(path + ": " + byte_order, "expected little, got another byte order");
  StreamObjects objects;
  std::string_view stream = zip_->content(prefix + std::string(kObjects));
  const StreamValue root = read_object(stream, path + ": " + prefix + std::string(kObjects), objects);
  const auto find = [&](const StreamStorage& storage) -> std::optional<std::string_view> {
    const std::string name = prefix + "data/" + std::string(storage.key);
    if (zip_->entries().count(name) == 0) return std::nullopt;
    return zip_->content(name);
  };
  tensors_ = tensors_of(root, objects, find, path);
}

void TorchFile::read_streams(std::string_view bytes, const std::string& path) {
  StreamObjects first, objects;
  const StreamValue version = read_object(bytes, path, first);
  if (version.kind != StreamValue::Kind::kInteger || version.number != kStreamsVersion)
    throw ModelError(path, "expected version 1001 of torch.save's old format, got another");
  const StreamValue facts = read_object(bytes, path, first);
  check_byte_order(facts, first, path);
  const StreamValue root = read_object(bytes, path, objects);
  const auto storages = storages_after(bytes, objects, path);
  const auto find = [&](const StreamStorage& storage) -> std::optional<std::string_view> {
    const auto found = storages.find(storage.key);
    if (found == storages.end()) return std::nullopt;
    return found->second;
  };
  tensors_ = tensors_of(root, objects, find, path);
}

}  // namespace dragoman
