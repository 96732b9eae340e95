// The profile of one update by block: forward and backward of each block of model/ separately, on one
// thread and tensors of a training batch's sizes, times how often an update has it; and the complete update.
// Prints a JSON object.
//
//   block_profile D LAYERS F H V SENTENCES S T SECONDS
#include <chrono>
#include <functional>
#include <iostream>
#include <nlohmann/json.hpp>

#include "model/masks.h"
#include "model/transformer.h"
#include "training/projected_loss.h"
#include "training/update.h"

namespace dragoman {
namespace {

struct Sizes {
  int64_t d_model, layers, ffn_dim, heads, vocabulary, sentences, source, target;
  double seconds;  // for each measurement
};

double now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// Milliseconds of a call, median of as many as fit.
double median_milliseconds(double seconds, const std::function<void()>& call) {
  call();
  std::vector<double> times;
  for (const double end = now() + seconds; now() < end || times.size() < 3;) {
    const double begin = now();
    call();
    times.push_back(1e3 * (now() - begin));
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2];
}

class Profile {
 public:
  explicit Profile(const Sizes& sizes) : sizes_(sizes) {
    ModelOptions& o = options_;
    o.d_model = sizes.d_model;
    o.encoder_layers = o.decoder_layers = sizes.layers;
    o.encoder_ffn_dim = o.decoder_ffn_dim = sizes.ffn_dim;
    o.encoder_attention_heads = o.decoder_attention_heads = sizes.heads;
    o.vocab_size = o.decoder_vocab_size = sizes.vocabulary;
    o.pad_token_id = sizes.vocabulary - 1;
    model_ = Transformer(o);
    model_->train();
  }

  nlohmann::ordered_json run() {
    const Sizes& s = sizes_;
    const auto source = ids(s.source), target = ids(s.target), labels = ids(s.target);
    const auto x = hidden(s.source), y = hidden(s.target), memory = hidden(s.source);
    const auto source_mask = padding_mask(source, options_.source_pad_id());
    const auto causal = causal_mask(s.target, torch::kCPU);
    EncoderLayer encoder = model_->encoder_->layers_[0];
    DecoderLayer decoder = model_->decoder_->layers_[0];
    const auto add_norm = [](AddNorm& block, const torch::Tensor& in, const torch::Tensor& sublayer) {
      return block->forward(in, [&](const torch::Tensor&) { return sublayer; });
    };
    const auto other_x = hidden(s.source), other_y = hidden(s.target);
    block("embedding and positions, both sides", 1, [&] {
      return torch::cat({model_->positions_(model_->source_embedding_(source)),
                         model_->positions_(model_->target_embedding_(target))},
                        1);
    });
    block("encoder self-attention", s.layers,
          [&] { return encoder->self_attention_->forward(x, x, source_mask); });
    block("decoder self-attention", s.layers,
          [&] { return decoder->self_attention_->forward(y, y, causal); });
    block("encoder-decoder attention", s.layers,
          [&] { return decoder->cross_attention_->forward(y, memory, source_mask); });
    block("encoder feed-forward", s.layers, [&] { return encoder->feed_forward_->forward(x); });
    block("decoder feed-forward", s.layers, [&] { return decoder->feed_forward_->forward(y); });
    block("encoder add & norm", 2 * s.layers,
          [&] { return add_norm(encoder->self_attention_add_norm_, x, other_x); });
    block("decoder add & norm", 3 * s.layers,
          [&] { return add_norm(decoder->self_attention_add_norm_, y, other_y); });
    block("output projection and loss", 1, [&] {
      return projected_loss(y, model_->output_projection_, labels, {options_.target_pad_id(), 0.1}).smoothed;
    });
    Adam adam(model_, AdamOptions());
    std::vector<torch::Tensor> gradients;
    for (const auto& parameter : adam.parameters()) gradients.push_back(torch::full_like(parameter, 1e-3));
    adam.set_gradients(gradients);
    const double step = median_milliseconds(s.seconds, [&] {
      adam.gradient_norm().item<double>();
      adam.step(1e-9);
    });
    rows_.push_back(
        {{"block", "clipping and Adam"}, {"times", 1}, {"forward_ms", step}, {"backward_ms", 0.0}});
    return {{"blocks", rows_}, {"update_ms", whole_update(adam, source, target, labels)}};
  }

 private:
  torch::Tensor ids(int64_t length) const {
    return torch::randint(0, sizes_.vocabulary - 1, {sizes_.sentences, length}, torch::kInt64);
  }
  torch::Tensor hidden(int64_t length) const {
    return torch::randn({sizes_.sentences, length, sizes_.d_model}).requires_grad_();
  }

  void block(const std::string& name, int64_t times, const std::function<torch::Tensor()>& forward) {
    const DropoutSeed seed(1);
    torch::Tensor output;
    const double forward_only = median_milliseconds(sizes_.seconds, [&] { output = forward(); });
    const auto gradient = torch::ones_like(output);
    const double both = median_milliseconds(sizes_.seconds, [&] {
      output = forward();
      output.backward(gradient);
    });
    rows_.push_back({{"block", name},
                     {"times", times},
                     {"forward_ms", forward_only},
                     {"backward_ms", both - forward_only}});
  }

  double whole_update(Adam& adam, const torch::Tensor& source, const torch::Tensor& target,
                      const torch::Tensor& labels) {
    Batch batch;
    batch.source = source, batch.decoder_input = target, batch.labels = labels;
    batch.label_tokens = labels.numel();
    Workers workers(1);
    return median_milliseconds(4 * sizes_.seconds, [&] {
      train_update(model_, adam, {batch}, TrainingOptions(), {.learning_rate = 1e-9, .seed = 1}, workers);
    });
  }

  Sizes sizes_;
  ModelOptions options_;
  Transformer model_{nullptr};
  nlohmann::ordered_json rows_ = nlohmann::ordered_json::array();
};

}  // namespace
}  // namespace dragoman

int main(int argc, char** argv) {
  if (argc != 10) {
    std::cerr << "usage: block_profile D LAYERS F H V SENTENCES S T SECONDS\n";
    return 2;
  }
  const auto number = [&](int i) { return std::stoll(argv[i]); };
  at::set_num_threads(1);
  dragoman::Profile profile({number(1), number(2), number(3), number(4), number(5), number(6), number(7),
                             number(8), std::stod(argv[9])});
  std::cout << profile.run().dump() << "\n";
  return 0;
}
