// What users of other programs type: Marian, fairseq, OpenNMT, Sockeye, CTranslate2, transformers, sacreBLEU
// and SentencePiece. A flag that means exactly what one of ours does works as its alias; of any other the
// error says what to use instead.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/options.h"

namespace dragoman {

struct PeerFlag {
  std::string_view theirs;  // without dashes, words joined by '-'; one letter: a short flag
  std::string_view ours;    // without dashes; empty: there is none, and the remark says why
  std::string_view remark;  // of a flag that means something else; empty: the meaning is the same
};

const std::vector<PeerFlag>& peer_flags();

// The options with the peers' spellings of the same meaning among their aliases, except where another option
// of the list has that name.
OptionList with_peer_names(OptionList options);

// Our flag, without dashes, for a peer's, whichever command has it; "" where there is none.
std::string flag_of_ours(const std::string& flag);

// What to type for a peer's flag that is not one of `options`: "--max-tokens (...)", or "" when no
// program has it. `flag` has its dashes.
std::string peer_hint(const std::string& flag, const OptionList& options);

}  // namespace dragoman
