// Snapshots for --average: the weights of validations, in FOLDER/snapshots/update-N.safetensors.
#pragma once

#include <string>
#include <vector>

#include "core/log.h"
#include "model/transformer.h"
#include "planning/training_state.h"

namespace dragoman {

std::string snapshots_folder(const std::string& folder);
std::string snapshot_path(const std::string& folder, int64_t update);
std::vector<std::string> snapshot_paths(const std::string& folder, const std::vector<Snapshot>& snapshots);
bool has_snapshots(const std::string& folder);

// Writes the weights of a validation at this update. DataError.
void write_snapshot(const std::string& folder, const Transformer& model, int64_t update);

// The list with `added`, without its worst when it then has more than `limit`: the one with the lowest score
// if `by_score`, else the oldest.
std::vector<Snapshot> with_snapshot(std::vector<Snapshot> list, const Snapshot& added, int64_t limit,
                                    bool by_score);

// The snapshots whose files are intact weights of such a model. Others are reported.
std::vector<Snapshot> intact_snapshots(std::vector<Snapshot> list, const std::string& folder,
                                       const ModelOptions& options, Log& log);

// Removes the files that are not in the list. Call it when a complete checkpoint has the list: until then the
// previous one needs them.
void remove_unlisted_snapshots(const std::string& folder, const std::vector<Snapshot>& list);

}  // namespace dragoman
