#include "training/checkpoint.h"

#include <algorithm>
#include <charconv>

#include "core/files.h"
#include "folder/manifest.h"
#include "folder/safetensors.h"
#include "model/weights.h"

namespace dragoman {
namespace {

constexpr char kPrefix[] = "update-";

std::string checkpoints_folder(const std::string& folder) {
  return join_path(folder, "checkpoints");
}

std::optional<int64_t> update_of(const std::string& name) {
  const std::string prefix = kPrefix;
  if (name.rfind(prefix, 0) != 0) return std::nullopt;
  int64_t update = 0;
  const char* end = name.data() + name.size();
  const auto parsed = std::from_chars(name.data() + prefix.size(), end, update);
  return parsed.ec == std::errc() && parsed.ptr == end ? std::optional(update) : std::nullopt;
}

// Updates that have a checkpoint folder, newest first.
std::vector<int64_t> saved_updates(const std::string& folder) {
  std::vector<int64_t> updates;
  for (const auto& name : list_folder(checkpoints_folder(folder))) {
    const auto update = update_of(name);
    if (update && is_folder(join_path(checkpoints_folder(folder), name))) updates.push_back(*update);
  }
  std::sort(updates.rbegin(), updates.rend());
  return updates;
}

TrainingState read_state(const std::string& checkpoint) {
  const std::string path = join_path(checkpoint, "state.json");
  return parse_training_state(read_file(path, ErrorKind::kModel), path);
}

std::string checkpoint_path(const std::string& folder, int64_t update) {
  return join_path(checkpoints_folder(folder), kPrefix + std::to_string(update));
}

// ModelError naming what is missing or damaged.
void check_checkpoint(const std::string& path) {
  if (!file_exists(join_path(path, kManifestName)))
    throw ModelError(path, "expected a manifest.json, got none");
  check_manifest(path);
  read_state(path);
}

bool is_intact(const std::string& path) {
  try {
    check_checkpoint(path);
    return true;
  } catch (const Error&) {
    return false;
  }
}

// All but the newest `keep` go. Only intact ones are counted, so that a damaged one never takes the place of
// the last that can be resumed from. One of a later update was damaged when the run was resumed from an
// earlier one: it stays until its update is saved again.
void remove_old_checkpoints(const std::string& folder, int64_t newest, int64_t keep) {
  int64_t kept = 0;
  for (const int64_t update : saved_updates(folder)) {
    const std::string path = checkpoint_path(folder, update);
    if (update > newest) continue;
    if (kept >= keep)
      remove_all(path);
    else if (update == newest || is_intact(path))
      ++kept;
  }
}

void save_moments(const std::string& path, const Adam& optimiser, const MovingAverage* average) {
  std::vector<torch::Tensor> kept;
  std::vector<TensorToWrite> tensors;
  const auto add = [&](const std::string& name, const torch::Tensor& moment) {
    kept.push_back(moment.to(torch::kCPU).contiguous());
    const auto& tensor = kept.back();
    tensors.push_back({name,
                       DataType::kFloat32,
                       tensor.sizes().vec(),
                       {static_cast<const char*>(tensor.const_data_ptr()), tensor.nbytes()}});
  };
  for (const auto& slot : optimiser.slots()) {
    add(slot.name + ".first", slot.first_moment);
    add(slot.name + ".second", slot.second_moment);
  }
  if (average) {
    for (const auto& [name, tensor] : average->tensors()) add(name + ".average", tensor);
  }
  write_safetensors(path, tensors);
}

void load_moments(const std::string& path, Adam& optimiser, MovingAverage* average) {
  const SafetensorsFile file(path);
  const auto load = [&](const std::string& name, const torch::Tensor& moment) {
    const auto found = file.header().tensors.find(name);
    if (found == file.header().tensors.end())
      throw ModelError(path + ": " + name, "expected this tensor, got none");
    const TensorEntry& entry = found->second;
    if (entry.type != DataType::kFloat32 || at::IntArrayRef(entry.shape) != moment.sizes()) {
      throw ModelError(path + ": " + name, "expected the shape of its parameter in F32, got another");
    }
    moment.copy_(torch::from_blob(const_cast<char*>(file.bytes(entry).data()), entry.shape, torch::kFloat32));
  };
  const torch::NoGradGuard no_grad;
  for (const auto& slot : optimiser.slots()) {
    load(slot.name + ".first", slot.first_moment);
    load(slot.name + ".second", slot.second_moment);
  }
  if (average) {
    for (const auto& [name, tensor] : average->tensors()) load(name + ".average", tensor);
  }
}

}  // namespace

void save_checkpoint(const std::string& folder, const TrainingState& state, const Transformer& model,
                     const Adam& optimiser, const MovingAverage* average, int64_t keep) {
  const std::string parent = checkpoints_folder(folder);
  const std::string name = kPrefix + std::to_string(state.update);
  const std::string path = join_path(parent, name), temporary = join_path(parent, "tmp-" + name);
  make_folder(parent);
  for (const auto& leftover : list_folder(parent)) {
    if (leftover.rfind("tmp-", 0) == 0) remove_all(join_path(parent, leftover));
  }
  make_folder(temporary);
  save_weights(model, join_path(temporary, "model.safetensors"));
  save_moments(join_path(temporary, "optimizer.safetensors"), optimiser, average);
  write_file_atomically(join_path(temporary, "state.json"), training_state_text(state));
  write_manifest(temporary, {"model.safetensors", "optimizer.safetensors", "state.json"});
  sync_folder(temporary);
  if (file_exists(path))
    remove_all(path);  // a damaged one of the same update: the run came here again from an older one
  rename_path(temporary, path);
  sync_folder(parent);
  remove_old_checkpoints(folder, state.update, keep);
}

void save_state_again(const std::string& folder, const TrainingState& state) {
  const std::string path = checkpoint_path(folder, state.update);
  const std::string temporary = join_path(path, "state.json.new");
  write_file_atomically(temporary, training_state_text(state));
  replace_listed_file(path, "state.json", temporary);
}

bool has_checkpoints(const std::string& folder) {
  return !saved_updates(folder).empty();
}

std::optional<std::string> newest_checkpoint(const std::string& folder, Log& log) {
  for (const int64_t update : saved_updates(folder)) {
    const std::string path = checkpoint_path(folder, update);
    try {
      check_checkpoint(path);
      return path;
    } catch (const Error& error) {
      log.warning(std::string("checkpoint skipped: ") + error.what());
    }
  }
  return std::nullopt;
}

TrainingState load_checkpoint(const std::string& path, Transformer& model, Adam& optimiser,
                              MovingAverage* average) {
  const TrainingState state = read_state(path);
  load_weights(model, join_path(path, "model.safetensors"));
  load_moments(join_path(path, "optimizer.safetensors"), optimiser, average);
  optimiser.set_steps(state.steps);
  return state;
}

}  // namespace dragoman
