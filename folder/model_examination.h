// Examines a path that should be a model folder: recognises the usual wrong downloads, and says what to do
// with each. Torch-free.
#pragma once

#include <optional>
#include <string>

namespace dragoman {

struct ModelProblem {
  std::string where;   // the folder, or the file in it
  std::string what;    // "expected X, got Y"
  std::string remedy;  // "" if there is none
};

// nullopt for a folder with settings and weights. Whether they are intact and fit together is checked when
// they are read.
std::optional<ModelProblem> examine_model_path(const std::string& path);

// ModelError with the problem and its remedy.
void require_model_folder(const std::string& path);

// ModelError for a git-lfs pointer in place of a file; for a folder, the same for each file of a model in it.
void refuse_git_lfs_pointers(const std::string& path);

}  // namespace dragoman
