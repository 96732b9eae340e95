// What a path is that should be a model folder: the downloads that people have instead, and what to do with
// each. Torch-free.
#pragma once

#include <optional>
#include <string>

namespace dragoman {

struct ModelProblem {
  std::string where;   // the folder, or the file in it
  std::string what;    // "expected X, got Y"
  std::string remedy;  // "" when there is none but to look
};

// Nothing for a folder with settings and weights; whether they are whole and fit together shows when they are
// read.
std::optional<ModelProblem> examine_model_path(const std::string& path);

// ModelError with the problem and its remedy.
void require_model_folder(const std::string& path);

// ModelError for a file that git left as a pointer, since git-lfs was not there to fetch what it points to;
// of a folder for each file in it that a model is made of.
void refuse_git_lfs_pointers(const std::string& path);

}  // namespace dragoman
