#include "decoding/packed/session.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "core/interrupt.h"

namespace dragoman {
namespace {

// Feed-forward layers process a block of rows at a time: [rows,F] of a whole batch of sources would not fit
// the cache.
constexpr int64_t kFeedForwardRows = 192;

// The number of rows between two checks for signals. A line of megabytes has millions.
constexpr int64_t kRowsAtOnce = 6144;

// The number of queries between two checks for signals, where the longest sentence has so many keys: some
// tenths of a second of work. A multiple of the kernel's block, for the same sums.
int64_t queries_at_once(int64_t keys) {
  constexpr int64_t kBlock = 48, kMaxBlocks = 16, kMaxScores = 25'000'000;
  return kBlock * std::clamp<int64_t>(kMaxScores / (kBlock * std::max<int64_t>(1, keys)), 1, kMaxBlocks);
}

// A thread's own scratch memory, kept between calls.
float* thread_scratch(int64_t floats) {
  static thread_local std::vector<float> scratch;
  if (std::ssize(scratch) < floats) scratch.resize(floats);
  return scratch.data();
}

}  // namespace

// Add & norm around sublayers (model/add_norm.h). Post-norm: x = norm(x + y) after each. Pre-norm: each reads
// norm(x), and its output is added when x is read next.
class Session::Residual {
 public:
  Residual(const Session& session, const Buffers& buffers, int64_t rows)
      : session_(session), buffers_(buffers), rows_(rows), pre_norm_(session.model_.options().pre_norm()) {}

  // The input of a sublayer.
  const float* before(const PackedNorm& norm) {
    if (!pre_norm_) return buffers_.x;
    normalise(norm, buffers_.normalised);
    return buffers_.normalised;
  }
  // Its output is in buffers.added.
  void after(const PackedNorm& norm) {
    waiting_ = true;
    if (!pre_norm_) normalise(norm, buffers_.x);
  }
  // The end of the stack.
  const float* result(const PackedNorm& final_norm) {
    if (pre_norm_) normalise(final_norm, buffers_.x);
    return buffers_.x;
  }

 private:
  void normalise(const PackedNorm& norm, float* out) {
    const int64_t size = session_.model_.options().d_model, stride = buffers_.stride;
    const float* added = waiting_ ? buffers_.added : nullptr;
    session_.pool_.run(rows_, rows_ * size * 4, [&](int64_t begin, int64_t end) {
      const int64_t at = begin * stride;
      session_.model_.kernels().packed->norm({buffers_.x + at, added ? added + at : nullptr, norm.gain.data(),
                                              norm.bias.data(), end - begin, size, stride, out + at});
    });
    waiting_ = false;
  }

  const Session& session_;
  const Buffers& buffers_;
  int64_t rows_;
  bool pre_norm_, waiting_ = false;
};

Session::Buffers Session::take_buffers(int64_t rows, int64_t feed_forward_stride) {
  Buffers buffers{};
  buffers.stride = model_.encoder[0].self_output.stride();
  buffers.input_stride = model_.encoder[0].self_input.stride();
  buffers.hidden_stride = feed_forward_stride;
  buffers.x = passing_.take<float>(rows * buffers.stride);
  buffers.normalised = model_.options().pre_norm() ? passing_.take<float>(rows * buffers.stride) : nullptr;
  buffers.input = passing_.take<float>(rows * buffers.input_stride);
  buffers.attended = passing_.take<float>(rows * buffers.stride);
  buffers.added = passing_.take<float>(rows * buffers.stride);
  buffers.hidden = passing_.take<float>(std::min(rows, kFeedForwardRows) * buffers.hidden_stride);
  return buffers;
}

void Session::project(const PackedLinear& layer, const float* x, int64_t x_stride, int64_t rows, float* out) {
  for (int64_t begin = 0; begin < rows; begin += kRowsAtOnce) {
    throw_if_interrupted();
    layer.run({x + begin * x_stride, x_stride, std::min(kRowsAtOnce, rows - begin)}, Activation::kNone,
              out + begin * layer.stride(), quantised_, pool_);
  }
}

void Session::feed_forward(const PackedLinear& inner, const PackedLinear& outer, const float* x,
                           const Buffers& buffers, int64_t rows) {
  for (int64_t begin = 0; begin < rows; begin += kFeedForwardRows) {
    throw_if_interrupted();
    const int64_t count = std::min(kFeedForwardRows, rows - begin), at = begin * buffers.stride;
    inner.run({x + at, buffers.stride, count}, model_.activation(), buffers.hidden, quantised_, pool_);
    outer.run({buffers.hidden, buffers.hidden_stride, count}, Activation::kNone, buffers.added + at,
              quantised_, pool_);
  }
}

// Processes each head of each sentence separately, without padding. The number of queries per call is
// bounded, because signals are checked only between the calls: a line of 90 kB takes many seconds per layer.
void Session::encoder_attention(const Buffers& buffers) {
  const ModelOptions& o = model_.options();
  const int64_t heads = o.encoder_attention_heads, size = head_size(heads), stride = buffers.input_stride;
  const int64_t sentences = std::ssize(first_token_) - 1;
  const float scale = 1 / std::sqrt(size);
  const int64_t tokens = first_token_.back();
  int64_t longest = 0;
  for (size_t i = 1; i < first_token_.size(); ++i)
    longest = std::max(longest, first_token_[i] - first_token_[i - 1]);
  const int64_t at_once = queries_at_once(longest);
  const auto one_head = [&](int64_t sentence, int64_t head, int64_t begin) {
    const int64_t first = first_token_[sentence], count = first_token_[sentence + 1] - first;
    const int64_t queries = std::min(at_once, count - begin);
    if (queries <= 0) return;
    const float* key = buffers.input + first * stride + head * size + o.d_model;
    const float* query = key - o.d_model + begin * stride;
    float* output = buffers.attended + (first + begin) * buffers.stride + head * size;
    if (size % model_.kernels().width == 0) {
      const AttentionHead attention{queries, count, size,  query, key, key + o.d_model, stride, stride,
                                    nullptr, 0,     scale, {},    0};
      float* scratch = thread_scratch(attention_scratch(count, size) + queries);
      return model_.kernels().attention(attention, {output, buffers.stride, scratch}, scratch + queries);
    }
    std::vector<const float*> keys;
    for (int64_t s = 0; s < count; ++s) keys.push_back(key + s * stride);
    for (int64_t t = 0; t < queries; ++t) {
      model_.kernels().packed->attend({query + t * stride, keys.data(), count, o.d_model, 1, size, scale},
                                      output + t * buffers.stride, thread_scratch(count + 16));
    }
  };
  const int64_t work = tokens * (tokens / sentences) * o.d_model * 2;
  for (int64_t query = 0; query < longest; query += at_once) {
    throw_if_interrupted();
    pool_.run(sentences * heads, work, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) one_head(i / heads, i % heads, query);
    });
  }
}

const float* Session::encode(const SentenceIds& sources) {
  const int64_t tokens = first_token_.back();
  const Buffers buffers = take_buffers(tokens, model_.encoder[0].inner.stride());
  float* row = buffers.x;
  for (const auto* source : sources) {
    for (int64_t i = 0; i < std::ssize(*source); ++i, row += buffers.stride) {
      if (i % kRowsAtOnce == 0) throw_if_interrupted();
      model_.embed(model_.source_embedding, (*source)[i], i, row);
    }
  }
  Residual residual(*this, buffers, tokens);
  for (const auto& layer : model_.encoder) {
    project(layer.self_input, residual.before(layer.self_norm), buffers.stride, tokens, buffers.input);
    encoder_attention(buffers);
    project(layer.self_output, buffers.attended, buffers.stride, tokens, buffers.added);
    residual.after(layer.self_norm);
    feed_forward(layer.inner, layer.outer, residual.before(layer.feed_forward_norm), buffers, tokens);
    residual.after(layer.feed_forward_norm);
  }
  return residual.result(model_.encoder_final_norm);
}

void Session::start(const SentenceIds& sources) {
  kept_.clear(), passing_.clear();
  caches_.clear(), cache_rows_.clear(), slots_.clear();
  rows_ = length_ = 0;
  first_token_.assign(1, 0);
  for (const auto* source : sources) first_token_.push_back(first_token_.back() + std::ssize(*source));
  const float* encoded = encode(sources);
  float* memory = kept_.take<float>(first_token_.back() * model_.memory_input.stride());
  project(model_.memory_input, encoded, model_.encoder[0].self_output.stride(), first_token_.back(), memory);
  memory_ = memory;
}

// Each row's list of slots is that of its origin, plus the slot of this step's keys and values.
void Session::extend_slots(const std::vector<DecoderRow>& rows) {
  next_slots_.resize(rows.size() * (length_ + 1));
  for (int64_t r = 0; r < std::ssize(rows); ++r) {
    int32_t* to = next_slots_.data() + r * (length_ + 1);
    if (length_ > 0) std::memcpy(to, slots_.data() + rows[r].origin * length_, length_ * sizeof *to);
    to[length_] = r;
  }
  slots_.swap(next_slots_);
  rows_ = rows.size();
  ++length_;
  caches_.push_back(kept_.take<float>(std::ssize(model_.decoder) * rows_ * 2 * model_.options().d_model));
  cache_rows_.push_back(rows_);
}

void Session::self_attention(const PackedDecoderLayer& layer, const float* x, int64_t index,
                             const Buffers& buffers) {
  const ModelOptions& o = model_.options();
  layer.self_input.run({x, buffers.stride, rows_}, Activation::kNone, buffers.input, quantised_, pool_);
  const int64_t width = 2 * o.d_model, heads = o.decoder_attention_heads, size = head_size(heads);
  const float scale = 1 / std::sqrt(size);
  float* now = caches_.back() + index * rows_ * width;
  for (int64_t r = 0; r < rows_; ++r)
    std::memcpy(now + r * width, buffers.input + r * buffers.input_stride + o.d_model, width * sizeof(float));
  pool_.run(rows_, rows_ * length_ * width, [&](int64_t begin, int64_t end) {
    static thread_local std::vector<const float*> keys;
    keys.resize(length_);
    for (int64_t r = begin; r < end; ++r) {
      const int32_t* slots = slots_.data() + r * length_;
      for (size_t s = 0; s < keys.size(); ++s)
        keys[s] = caches_[s] + (index * cache_rows_[s] + slots[s]) * width;
      model_.kernels().packed->attend(
          {buffers.input + r * buffers.input_stride, keys.data(), length_, o.d_model, heads, size, scale},
          buffers.attended + r * buffers.stride, thread_scratch(length_ + 16));
    }
  });
  layer.self_output.run({buffers.attended, buffers.stride, rows_}, Activation::kNone, buffers.added,
                        quantised_, pool_);
}

void Session::cross_attention(const PackedDecoderLayer& layer, const float* x, int64_t index,
                              const std::vector<DecoderRow>& rows, const Buffers& buffers) {
  const ModelOptions& o = model_.options();
  const int64_t query_stride = layer.cross_query.stride(), memory_stride = model_.memory_input.stride();
  layer.cross_query.run({x, buffers.stride, rows_}, Activation::kNone, buffers.input, quantised_, pool_);
  const int64_t heads = o.decoder_attention_heads, size = head_size(heads);
  const float scale = 1 / std::sqrt(size);
  const int64_t mean_length = first_token_.back() / (std::ssize(first_token_) - 1);
  pool_.run(rows_, rows_ * mean_length * 2 * o.d_model, [&](int64_t begin, int64_t end) {
    static thread_local std::vector<const float*> keys;
    for (int64_t r = begin; r < end; ++r) {
      const int64_t sentence = rows[r].sentence;
      const int64_t first = first_token_[sentence], count = first_token_[sentence + 1] - first;
      keys.resize(count);
      for (int64_t s = 0; s < count; ++s)
        keys[s] = memory_ + (first + s) * memory_stride + index * 2 * o.d_model;
      model_.kernels().packed->attend(
          {buffers.input + r * query_stride, keys.data(), count, o.d_model, heads, size, scale},
          buffers.attended + r * buffers.stride, thread_scratch(count + 16));
    }
  });
  layer.cross_output.run({buffers.attended, buffers.stride, rows_}, Activation::kNone, buffers.added,
                         quantised_, pool_);
}

StepLogits& Session::step(const std::vector<DecoderRow>& rows) {
  passing_.clear();
  extend_slots(rows);
  const Buffers buffers = take_buffers(rows_, model_.decoder[0].inner.stride());
  for (int64_t r = 0; r < rows_; ++r) {
    model_.embed(model_.target_embedding, rows[r].token, length_ - 1, buffers.x + r * buffers.stride);
  }
  Residual residual(*this, buffers, rows_);
  for (size_t i = 0; i < model_.decoder.size(); ++i) {
    const PackedDecoderLayer& layer = model_.decoder[i];
    self_attention(layer, residual.before(layer.self_norm), i, buffers);
    residual.after(layer.self_norm);
    cross_attention(layer, residual.before(layer.cross_norm), i, rows, buffers);
    residual.after(layer.cross_norm);
    feed_forward(layer.inner, layer.outer, residual.before(layer.feed_forward_norm), buffers, rows_);
    residual.after(layer.feed_forward_norm);
  }
  const float* x = residual.result(model_.decoder_final_norm);
  const int64_t stride = model_.output.stride();
  float* logits = passing_.take<float>(rows_ * stride);
  model_.output.run({x, buffers.stride, rows_}, Activation::kNone, logits, quantised_, pool_);
  logits_.set(logits, rows_, stride);
  return logits_;
}

}  // namespace dragoman
