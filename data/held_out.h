// Validation pairs for somebody who has none: a few are held out of the training text.
#pragma once

#include <cstdint>

#include "data/parallel_text.h"

namespace dragoman {

struct HeldOutSplit {
  TextPairs train, held_out;
};

// min(1000, 1 %) of the pairs, and at least one. All pairs with the same source text go to the same side, so
// that no validation sentence has been trained on. Sources are taken in the order of a hash of their text,
// which depends neither on a seed nor on the order of the corpus; a source with more pairs than are still
// wanted is passed over. So the number is exact as long as enough sources stand in few pairs; it is lower
// when they do not, and when every source has too many pairs, the one with the fewest is held out whole.
// DataError when there are not two different source texts. Both sides keep the order of the corpus.
HeldOutSplit split_held_out(const TextPairs& pairs);

// How many pairs are wanted of a corpus of this size: min(1000, 1 %), at least 1.
int64_t held_out_size(int64_t pairs);

}  // namespace dragoman
