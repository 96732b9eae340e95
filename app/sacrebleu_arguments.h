// The command line of sacreBLEU, as the flags of `dragoman evaluate`: what its users type works here.
//
//   sacrebleu ref.de -i hyp.de -m bleu chrf -lc -w 4   -->
//   dragoman evaluate --reference ref.de --hypothesis hyp.de --metrics bleu --metrics chrf --lowercase
//   --width 4
#pragma once

#include "app/command_line.h"

namespace dragoman {

// Words that belong to no flag are references. Three letters mean something else here: -m with the name of a
// metric is --metrics (else --model), -b without a number after it is --score-only (else --beam-size), and
// -i is --hypothesis. UsageError for features of sacreBLEU that evaluate lacks (test sets to download,
// ...), with the alternative.
Arguments from_sacrebleu(const Arguments& arguments, const OptionList& options);

}  // namespace dragoman
