// Checks of output paths before anything is read, loaded or written.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace dragoman {

// The path that a flag names: a file, a folder, or "-" for standard input (of an input) or output (of an
// output).
struct NamedPath {
  std::string flag, path;
};
using NamedPaths = std::vector<NamedPath>;

// What these flags name.
NamedPaths named_paths(const std::vector<std::pair<std::string, std::vector<std::string>>>& flags);

// UsageError where an output is one of the inputs, under any name (`./x`, a link, /dev/stdin, redirected
// standard input), or where two outputs are one file. For an input that is a model folder, this
// means the files of a model and a run. DataError where an output is a folder, UsageError where it is a part
// of any model or run. Empty paths are ignored.
void check_outputs(NamedPaths outputs, const NamedPaths& inputs);

// The same for text: UsageError too for the name of a compressed file, since output is not compressed.
void check_text_outputs(const NamedPaths& outputs, const NamedPaths& inputs);

// UsageError where a new model folder would write over files: over a file of this name, or a folder with
// files of a model or a run. Other files in it stay (a clone of a hub's repository).
void check_new_model_folder(const NamedPath& folder);

// UsageError where a folder that is to be written is an input, or where a file of a model in it is one.
void check_output_folder(const NamedPath& folder, const NamedPaths& inputs);

}  // namespace dragoman
