// YAML as a list of entries, read by yaml-cpp, the library that Marian itself uses. Torch-free.
//
//   type: transformer                 {"type", {"transformer"}}
//   dim-vocabs:                       {"dim-vocabs", {"32000", "32000"}, is_list}
//     - 32000
//     - 32000
//   validators:                       {"validators/bleu", {"27.1"}}
//     bleu: 27.1
//
// yaml-cpp's parser reports events (start of a list, a value, ...), and this reader keeps one entry at a
// time. There is no tree, so anchors cannot multiply (they are refused), and nesting is bounded: a hostile
// file needs no more memory than its own size.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace dragoman {

struct YamlEntry {
  std::string key;                  // of a nested mapping: "outer/inner"
  std::vector<std::string> values;  // as text; a value that is not a list is a list of one; null is ""
  bool is_list = false;
  int64_t line = 0;  // of the key, from 1
};

// Calls `take` for each entry of the document, in the order of the file. The document must be a mapping.
// ModelError naming `where` and the line for text that is not UTF-8 or not YAML, for anything other than one
// mapping, and for a list in a list.
void read_yaml(std::string_view text, const std::string& where, const std::function<void(YamlEntry)>& take);

}  // namespace dragoman
