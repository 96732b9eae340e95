#include "core/staging_folder.h"

#include <algorithm>

#include "core/files.h"
#include "core/interrupt.h"
#include "core/replacement_file.h"

namespace dragoman {
namespace {

constexpr char kSuffix[] = ".unfinished";

std::string without_last_slashes(std::string name) {
  while (name.size() > 1 && name.back() == '/') name.pop_back();
  return name;
}

// In a destructor: what cannot be removed is removed by the next command.
void remove_if_possible(const std::string& path) {
  try {
    remove_all(path);
  } catch (const Error&) {
  }
}

}  // namespace

StagingFolder::StagingFolder(std::string name, std::string last)
    : name_(without_last_slashes(std::move(name))), last_(std::move(last)), is_inside_(is_folder(name_)) {
  path_ = is_inside_ ? join_path(name_, kSuffix) : name_ + kSuffix;
  remove_all(path_);
  make_folder(path_);
}

StagingFolder::~StagingFolder() {
  if (is_finished_) return;
  for (const auto& path : moved_) remove_if_possible(path);
  remove_if_possible(path_);
}

void StagingFolder::finish() {
  throw_if_interrupted();
  sync_folder(path_);
  if (is_inside_)
    move_files();
  else
    rename_path(path_, name_);
  is_finished_ = true;
  sync_folder(is_inside_ ? name_ : folder_of(name_));
}

void StagingFolder::move_files() {
  std::vector<std::string> names = list_folder(path_);
  std::stable_partition(names.begin(), names.end(), [&](const auto& name) { return name != last_; });
  for (const auto& name : names) {
    const std::string path = join_path(name_, name);
    rename_path(join_path(path_, name), path);
    moved_.push_back(path);
  }
  remove_all(path_);
}

bool is_free_for_new_folder(const std::string& name) {
  if (!file_exists(name)) return true;
  if (!is_folder(name)) return false;
  const std::vector<std::string> names = list_folder(name);
  return names.empty() || std::find(names.begin(), names.end(), kSuffix) != names.end();
}

}  // namespace dragoman
