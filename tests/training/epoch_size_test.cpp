// uses: torch
#include "training/epoch_size.h"

#include <gtest/gtest.h>

#include <sstream>

namespace dragoman {
namespace {

// 40 pairs of 5 tokens a side: 8 rows per batch of 40 tokens.
TEST(EpochSize, CountsBatchesAndUpdates) {
  const std::vector<std::vector<int32_t>> sentences(40, {1, 2, 3, 4, 0});
  const EncodedCorpus corpus = EncodedCorpus::from_ids(sentences, sentences);
  TrainingOptions options;
  options.max_tokens = 40;
  options.accumulate = 5;
  std::ostringstream text;
  Log log(text);
  const EpochSize size = measure_epoch(corpus, options, 0, log);
  EXPECT_EQ(size.batches, 5);
  EXPECT_EQ(size.updates, 1);
  EXPECT_NE(text.str().find("batches: 5 per epoch, 0.0 % of their positions are padding"), std::string::npos)
      << text.str();
}

TEST(PositionOf, CountsThePartOfTheEpoch) {
  TrainingState state;
  state.update = 12;
  state.position = {3, 2};
  const RunPosition position = position_of(state, {8, 8}, 50);
  EXPECT_EQ(position.update, 12);
  EXPECT_EQ(position.passes, 3.25);
  EXPECT_EQ(position.seconds, 50);
}

}  // namespace
}  // namespace dragoman
