// The charts of report.html.
#include <algorithm>
#include <cmath>
#include <functional>

#include "report/html.h"
#include "report/parts.h"
#include "report/svg_chart.h"

namespace dragoman {
namespace {

constexpr int kHistogramBars = 40;
constexpr double kHistogramShare = 0.995;  // of the sentences: the few longest would make it one bar

template <typename Entry, typename Value>
ChartSeries series_of(const std::string& name, const std::vector<Entry>& entries, Value value) {
  ChartSeries series{name, {}, false};
  for (const auto& entry : entries)
    series.points.push_back(
        {static_cast<double>(entry.update), static_cast<double>(std::invoke(value, entry))});
  return series;
}

template <typename Value>
ChartSeries training_series(const RunHistory& history, const std::string& name, Value value) {
  return series_of(name, history.progress, value);
}

template <typename Value>
ChartSeries validation_series(const RunHistory& history, const std::string& name, Value value) {
  ChartSeries series = series_of(name, history.validations, value);
  series.dots = true;
  return series;
}

std::string figure(const Chart& chart, const std::string& note = "") {
  std::string legend;
  if (chart.series.size() > 1) {
    for (size_t i = 0; i < chart.series.size(); ++i)
      legend += element("span",
                        "<i class=\"s" + std::to_string(i) + "\"></i>" + html_escaped(chart.series[i].name));
  }
  if (chart.best) legend += element("span", "<i class=\"ring\"></i>best model");
  return element("figure", element("figcaption", text_element("b", chart.title) +
                                                     (note.empty() ? "" : text_element("small", note)) +
                                                     element("span", legend, "class=\"legend\"")) +
                               "\n" + svg_chart(chart)) +
         "\n";
}

std::vector<Chart> charts_of(const ReportContent& content) {
  const RunHistory& history = content.history;
  const auto training_perplexity = [](const TrainProgress& p) { return std::exp(p.cross_entropy); };
  Chart loss{.title = "Loss",
             .x_axis = "update",
             .y_axis = "nats per token",
             .series = {training_series(history, "training", &TrainProgress::loss),
                        validation_series(history, "validation", &ValidationResult::loss)}};
  Chart perplexity{.title = "Perplexity",
                   .x_axis = "update",
                   .y_axis = "perplexity",
                   .series = {training_series(history, "training", training_perplexity),
                              validation_series(history, "validation", &ValidationResult::perplexity)},
                   .logarithmic = true};
  Chart scores{.title = "Scores",
               .x_axis = "update",
               .y_axis = "score of 100",
               .series = {validation_series(history, "BLEU", &ValidationResult::bleu),
                          validation_series(history, "chrF2", &ValidationResult::chrf)},
               .zero_based = true};
  if (content.valid_metric == ValidMetric::kSer)
    scores.series[0] = validation_series(history, "wrong lines (SER)", &ValidationResult::ser);
  if (const ValidationResult* best = history.best()) {
    const double update = best->update;
    if (content.valid_metric == ValidMetric::kLoss)
      loss.best = {update, best->loss};
    else
      scores.best = {update, content.valid_metric == ValidMetric::kBleu  ? best->bleu
                             : content.valid_metric == ValidMetric::kSer ? best->ser
                                                                         : best->chrf};
  }
  Chart rate{.title = "Learning rate",
             .x_axis = "update",
             .y_axis = "learning rate",
             .series = {training_series(history, "learning rate", &TrainProgress::learning_rate)},
             .zero_based = true};
  Chart norm{.title = "Gradient norm",
             .x_axis = "update",
             .y_axis = "norm before clipping",
             .series = {training_series(history, "gradient norm", &TrainProgress::gradient_norm)},
             .logarithmic = true};
  Chart speed{.title = "Speed",
              .x_axis = "update",
              .y_axis = "target tokens/s",
              .series = {training_series(history, "speed", &TrainProgress::tokens_per_second)},
              .zero_based = true};
  return {loss, perplexity, scores, rate, norm, speed};
}

ChartSeries histogram_of(const std::string& name, const LengthStatistics& side, int64_t width,
                         int64_t longest) {
  ChartSeries series{name, {}, false};
  for (int64_t begin = 0; begin <= longest; begin += width) {
    int64_t count = 0;
    for (int64_t length = begin; length < begin + width && length < std::ssize(side.counts); ++length)
      count += side.counts[length];
    series.points.push_back({static_cast<double>(begin), 100.0 * count / side.sentences});
  }
  series.points.push_back({series.points.back().x + width, 0});
  return series;
}

}  // namespace

std::string curves_section(const ReportContent& content) {
  std::string figures;
  for (const auto& chart : charts_of(content)) figures += figure(chart);
  return section("Curves", element("div", "\n" + figures, "class=\"charts\""));
}

std::string length_histogram(const ReportCorpus& corpus) {
  if (corpus.source.sentences == 0) return "";
  const int64_t longest =
      std::max(corpus.source.quantile(kHistogramShare), corpus.target.quantile(kHistogramShare));
  const int64_t width = std::max<int64_t>(1, (longest + kHistogramBars) / kHistogramBars);
  const Chart chart{.title = "Sentence lengths",
                    .x_axis = "tokens, </s> included",
                    .y_axis = "% of the sentences",
                    .series = {histogram_of("source", corpus.source, width, longest),
                               histogram_of("target", corpus.target, width, longest)},
                    .zero_based = true,
                    .histogram = true};
  return figure(chart, "without the longest 0.5 %");
}

}  // namespace dragoman
