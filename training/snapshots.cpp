#include "training/snapshots.h"

#include <algorithm>

#include "core/files.h"
#include "folder/safetensors.h"
#include "folder/weight_file.h"
#include "model/weights.h"

namespace dragoman {

std::string snapshots_folder(const std::string& folder) {
  return join_path(folder, "snapshots");
}

std::string snapshot_path(const std::string& folder, int64_t update) {
  return join_path(snapshots_folder(folder), "update-" + std::to_string(update) + ".safetensors");
}

std::vector<std::string> snapshot_paths(const std::string& folder, const std::vector<Snapshot>& snapshots) {
  std::vector<std::string> paths;
  for (const Snapshot& snapshot : snapshots) paths.push_back(snapshot_path(folder, snapshot.update));
  return paths;
}

bool has_snapshots(const std::string& folder) {
  return !list_folder(snapshots_folder(folder)).empty();
}

void write_snapshot(const std::string& folder, const Transformer& model, int64_t update) {
  make_folder(snapshots_folder(folder));
  save_weights(model, snapshot_path(folder, update));
  sync_folder(snapshots_folder(folder));
}

std::vector<Snapshot> with_snapshot(std::vector<Snapshot> list, const Snapshot& added, int64_t limit,
                                    bool by_score) {
  const auto is_worse = [&](const Snapshot& a, const Snapshot& b) {
    return by_score && a.score != b.score ? a.score < b.score : a.update < b.update;
  };
  list.push_back(added);
  if (std::ssize(list) > limit) list.erase(std::min_element(list.begin(), list.end(), is_worse));
  return list;
}

std::vector<Snapshot> intact_snapshots(std::vector<Snapshot> list, const std::string& folder,
                                       const ModelOptions& options, Log& log) {
  std::erase_if(list, [&](const Snapshot& snapshot) {
    try {
      check_weights(options, SafetensorsFile(snapshot_path(folder, snapshot.update)));
      return false;
    } catch (const ModelError& error) {
      log.warning(std::string(error.what()) + ": skipped in the mean of --average");
      return true;
    }
  });
  return list;
}

void remove_unlisted_snapshots(const std::string& folder, const std::vector<Snapshot>& list) {
  const std::vector<std::string> listed = snapshot_paths(folder, list);
  for (const auto& name : list_folder(snapshots_folder(folder))) {
    const std::string path = join_path(snapshots_folder(folder), name);
    if (std::find(listed.begin(), listed.end(), path) == listed.end()) remove_all(path);
  }
}

}  // namespace dragoman
