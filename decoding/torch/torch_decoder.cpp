#include "decoding/torch/torch_decoder.h"

#include <algorithm>
#include <numeric>

#include "decoding/search_options.h"
#include "model/masks.h"

namespace dragoman {
namespace {

// [n,S] ids.
torch::Tensor padded(const SentenceIds& sentences, int64_t pad_id) {
  int64_t longest = 0;
  for (const auto* ids : sentences) longest = std::max<int64_t>(longest, ids->size());
  auto batch = torch::full({std::ssize(sentences), longest}, pad_id, torch::kInt64);
  for (int64_t i = 0; i < batch.size(0); ++i)
    std::copy(sentences[i]->begin(), sentences[i]->end(), batch[i].mutable_data_ptr<int64_t>());
  return batch;
}

bool is_padded(const SentenceIds& sentences) {
  return std::any_of(sentences.begin(), sentences.end(),
                     [&](const auto* ids) { return ids->size() != sentences.front()->size(); });
}

// 0, 1, 2 ... count-1.
bool is_identity(const std::vector<int64_t>& numbers, size_t count) {
  if (numbers.size() != count) return false;
  for (int64_t i = 0; i < std::ssize(numbers); ++i) {
    if (numbers[i] != i) return false;
  }
  return true;
}

int64_t place_of(int64_t number, const std::vector<int64_t>& ascending) {
  return std::lower_bound(ascending.begin(), ascending.end(), number) - ascending.begin();
}

// Each list as a tensor, in one copy that the host does not wait for.
std::vector<torch::Tensor> on_device(const std::vector<const std::vector<int64_t>*>& lists,
                                     const torch::Device& device) {
  std::vector<int64_t> joined, sizes;
  for (const auto* list : lists) {
    joined.insert(joined.end(), list->begin(), list->end());
    sizes.push_back(std::ssize(*list));
  }
  return torch::tensor(joined, torch::kInt64).to(device, /*non_blocking=*/true).split_with_sizes(sizes);
}

}  // namespace

TorchDecoder::TorchDecoder(Transformer model, const std::vector<int64_t>& forbidden)
    : model_(std::move(model)),
      forbidden_(torch::tensor(forbidden, torch::kInt64).to(model_->device())),
      logits_(vocabulary()) {}

void TorchDecoder::start(const SentenceIds& sources) {
  const c10::InferenceMode inference;
  const int64_t pad_id = model_->options().source_pad_id();
  const auto source = padded(sources, pad_id).to(model_->device());
  memory_ = model_->encode(source);
  source_mask_ = is_padded(sources) ? padding_mask(source, pad_id) : torch::Tensor();
  cache_ = {}, slots_ = {}, length_ = 0;
  slots_.sentences.resize(sources.size());
  std::iota(slots_.sentences.begin(), slots_.sentences.end(), 0);
}

TorchDecoder::Slots TorchDecoder::slots_of(const std::vector<DecoderRow>& rows) {
  std::vector<int64_t> first_rows;  // of each sentence, and the end of the last
  Slots slots;
  int64_t width = 0;
  for (int64_t r = 0; r < std::ssize(rows); ++r) {
    if (r == 0 || rows[r].sentence != rows[r - 1].sentence) {
      slots.sentences.push_back(rows[r].sentence);
      first_rows.push_back(r);
    }
    width = std::max(width, r + 1 - first_rows.back());
  }
  first_rows.push_back(std::ssize(rows));
  for (int64_t i = 0; i < std::ssize(slots.sentences); ++i) {
    for (int64_t slot = 0; slot < width; ++slot) {
      const int64_t row = first_rows[i] + slot;
      const bool is_real = row < first_rows[i + 1];
      if (is_real) slots.slot_of.push_back(std::ssize(slots.row_of));
      slots.row_of.push_back(is_real ? row : first_rows[i]);
    }
  }
  return slots;
}

void TorchDecoder::select_sentences(const torch::Tensor& sentences) {
  memory_ = memory_.index_select(0, sentences);
  if (source_mask_.defined()) source_mask_ = source_mask_.index_select(0, sentences);
  cache_.select_sentences(sentences);
}

StepLogits& TorchDecoder::step(const std::vector<DecoderRow>& rows) {
  const c10::InferenceMode inference;
  Slots next = slots_of(rows);
  std::vector<int64_t> tokens, origins, kept;
  for (const int64_t row : next.row_of) {
    tokens.push_back(rows[row].token);
    if (length_ > 0) origins.push_back(slots_.slot_of[rows[row].origin]);
  }
  for (const int64_t sentence : next.sentences) kept.push_back(place_of(sentence, slots_.sentences));
  const auto ids = on_device({&tokens, &origins, &kept, &next.slot_of}, model_->device());
  if (!is_identity(kept, slots_.sentences.size())) select_sentences(ids[2]);
  if (!is_identity(origins, slots_.row_of.size())) cache_.select_rows(ids[1]);
  slots_ = std::move(next);

  auto x = model_->positions_->forward(model_->target_embedding_->forward(ids[0].unsqueeze(1)), length_);
  x = model_->decoder_->forward(x, memory_, source_mask_, /*causal_mask=*/{}, &cache_);  // [n*b,1,D]
  if (slots_.slot_of.size() < slots_.row_of.size()) x = x.index_select(0, ids[3]);
  auto logits = model_->output_projection_->forward(x.squeeze(1)).to(torch::kFloat32);  // [rows,V]
  logits.index_fill_(1, forbidden_, kImpossible);
  ++length_;
  logits_.set(std::move(logits), /*on_host=*/model_->device().is_cpu());
  return logits_;
}

}  // namespace dragoman
