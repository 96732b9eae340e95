#include "report/svg_chart.h"

#include <algorithm>
#include <cmath>

#include "core/log.h"
#include "report/html.h"

namespace dragoman {
namespace {

constexpr size_t kPointLimit = 500;  // of a line: it is about as many pixels wide
constexpr size_t kLargeDotLimit = 50;
constexpr double kTopMargin = 12, kBottomMargin = 48, kCharacterWidth = 7.5, kAxisTitleWidth = 26;
constexpr int kXTicks = 5, kYTicks = 5;
constexpr double kLogarithmicSpan = 20;
constexpr double kHuge = 1e100;  // beyond it, ranges and ratios would overflow

std::string number(double value) {
  return fixed(value, 1);
}

// From values to places between `begin` and `end`.
struct Axis {
  double low = 0, high = 1;
  bool logarithmic = false;
  double begin = 0, end = 1;
  std::vector<double> ticks;

  double place(double value) const {
    const auto scale = [this](double v) { return logarithmic ? std::log10(v) : v; };
    return begin + (scale(value) - scale(low)) / (scale(high) - scale(low)) * (end - begin);
  }
  std::string text(double tick) const {
    return tick_text(tick, logarithmic || ticks.size() < 2 ? tick : ticks[1] - ticks[0]);
  }
  double widest_text() const {
    size_t widest = 1;
    for (const double tick : ticks) widest = std::max(widest, text(tick).size());
    return widest * kCharacterWidth;
  }
};

bool drawable(const ChartPoint& point) {
  return std::abs(point.x) < kHuge && std::abs(point.y) < kHuge;
}

struct Range {
  double low = 0, high = 0;
  bool any = false;

  void add(double value) {
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
  }
};

Axis x_axis(const Range& range) {
  Axis axis;
  axis.low = range.low >= 0 && range.low < 0.2 * range.high ? 0 : range.low, axis.high = range.high;
  if (axis.high <= axis.low)
    axis.low = std::min(0.0, range.low), axis.high = std::max(range.high, axis.low + 1);
  axis.ticks = round_ticks(axis.low, axis.high, kXTicks);
  return axis;
}

Axis y_axis(const Chart& chart, const Range& range) {
  Axis axis;
  axis.logarithmic = chart.logarithmic && range.low > 1 / kHuge && range.high / range.low >= kLogarithmicSpan;
  if (axis.logarithmic) {
    const double margin = std::pow(range.high / range.low, 0.05);
    axis.low = range.low / margin, axis.high = range.high * margin;
    axis.ticks = logarithmic_ticks(axis.low, axis.high);
    return axis;
  }
  const double span = range.high > range.low ? range.high - range.low : std::max(1e-9, std::abs(range.high));
  const bool zero = chart.zero_based || (range.low >= 0 && range.low < 0.2 * range.high);
  axis.low = zero ? 0 : range.low - 0.08 * span;
  axis.high = range.high + 0.08 * span;
  axis.ticks = round_ticks(axis.low, axis.high, kYTicks);
  return axis;
}

class Drawing {
 public:
  explicit Drawing(const Chart& chart) : chart_(chart) {
    Range x, y;
    for (const auto& series : chart.series) {
      for (const auto& point : series.points) {
        if (drawable(point)) x.add(point.x), y.add(point.y);
      }
    }
    empty_ = !x.any;
    x_ = x_axis(x), y_ = y_axis(chart, y);
    x_.begin = kAxisTitleWidth + y_.widest_text() + 8;
    x_.end = kChartWidth - std::max(12.0, x_.widest_text() / 2 + 2);
    y_.begin = kChartHeight - kBottomMargin, y_.end = kTopMargin;
  }

  std::string svg() const {
    std::string text = "<svg class=\"chart\" viewBox=\"0 0 " + fixed(kChartWidth, 0) + " " +
                       fixed(kChartHeight, 0) + "\" role=\"img\" aria-label=\"" + html_escaped(chart_.title) +
                       "\">\n";
    text += plot_area() + axis_titles();
    if (empty_) {
      text += label("empty", (x_.begin + x_.end) / 2, (y_.begin + y_.end) / 2, "middle", "nothing yet");
    } else {
      text += grid();
      for (size_t i = 0; i < chart_.series.size(); ++i)
        text += curve(chart_.series[i], "s" + std::to_string(i));
      if (chart_.best && drawable(*chart_.best)) text += circle("best", *chart_.best, 6, "");
    }
    return text + "</svg>\n";
  }

 private:
  static std::string label(const std::string& kind, double x, double y, const std::string& anchor,
                           const std::string& content, const std::string& more = "") {
    return "<text class=\"" + kind + "\" x=\"" + number(x) + "\" y=\"" + number(y) + "\" text-anchor=\"" +
           anchor + "\"" + more + ">" + html_escaped(content) + "</text>\n";
  }

  static std::string line(double x1, double y1, double x2, double y2) {
    return "<line class=\"grid\" x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
           "\" y2=\"" + number(y2) + "\"/>\n";
  }

  std::string plot_area() const {
    return "<rect class=\"plot\" x=\"" + number(x_.begin) + "\" y=\"" + number(y_.end) + "\" width=\"" +
           number(x_.end - x_.begin) + "\" height=\"" + number(y_.begin - y_.end) + "\"/>\n";
  }

  std::string axis_titles() const {
    const double middle = (y_.begin + y_.end) / 2;
    return label("axis", (x_.begin + x_.end) / 2, kChartHeight - 8, "middle", chart_.x_axis) +
           label("axis", 15, middle, "middle", chart_.y_axis,
                 " transform=\"rotate(-90 15 " + number(middle) + ")\"");
  }

  std::string grid() const {
    std::string text;
    for (const double tick : y_.ticks) {
      const double y = y_.place(tick);
      text += line(x_.begin, y, x_.end, y) + label("tick", x_.begin - 7, y + 4.5, "end", y_.text(tick));
    }
    for (const double tick : x_.ticks) {
      const double x = x_.place(tick);
      text += line(x, y_.begin, x, y_.begin + 4) + label("tick", x, y_.begin + 19, "middle", x_.text(tick));
    }
    return text;
  }

  std::string place(const ChartPoint& point) const {
    return number(x_.place(point.x)) + "," + number(y_.place(point.y));
  }

  std::string circle(const std::string& kind, const ChartPoint& point, double radius,
                     const std::string& tip) const {
    return "<circle class=\"" + kind + "\" cx=\"" + number(x_.place(point.x)) + "\" cy=\"" +
           number(y_.place(point.y)) + "\" r=\"" + number(radius) + "\">" +
           (tip.empty() ? "" : "<title>" + html_escaped(tip) + "</title>") + "</circle>\n";
  }

  std::string curve(const ChartSeries& series, const std::string& colour) const {
    std::string text;
    std::vector<ChartPoint> run;
    const auto end_run = [&] {
      if (!run.empty())
        text += chart_.histogram ? steps(run, colour) : polyline(thinned(run, kPointLimit), colour);
      run.clear();
    };
    for (const auto& point : series.points) {
      if (drawable(point))
        run.push_back(point);
      else
        end_run();
    }
    end_run();
    return text + (series.dots ? dots(series, colour) : "");
  }

  std::string polyline(const std::vector<ChartPoint>& points, const std::string& colour) const {
    std::string places;
    for (const auto& point : points) places += (places.empty() ? "" : " ") + place(point);
    return "<polyline class=\"line " + colour + "\" points=\"" + places + "\"/>\n";
  }

  // The outline of the bars, and the area below it.
  std::string steps(const std::vector<ChartPoint>& points, const std::string& colour) const {
    std::vector<ChartPoint> outline = {{points.front().x, 0}};
    for (size_t i = 0; i + 1 < points.size(); ++i) {
      outline.push_back(points[i]);
      outline.push_back({points[i + 1].x, points[i].y});
    }
    outline.push_back({points.back().x, 0});
    std::string area;
    for (const auto& point : outline) area += (area.empty() ? "M" : "L") + place(point);
    return "<path class=\"area " + colour + "\" d=\"" + area + "Z\"/>\n" + polyline(outline, colour);
  }

  std::string dots(const ChartSeries& series, const std::string& colour) const {
    std::string text;
    const auto shown = thinned(series.points, kPointLimit);
    for (const auto& point : shown) {
      if (!drawable(point)) continue;
      const std::string tip = series.name + ", " + chart_.x_axis + " " + with_commas(std::llround(point.x)) +
                              ": " + tip_text(point.y);
      text += circle("dot " + colour, point, shown.size() > kLargeDotLimit ? 1.8 : 3.2, tip);
    }
    return text;
  }

  static std::string tip_text(double value) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.4g", value);
    return buffer;
  }

  const Chart& chart_;
  bool empty_;
  Axis x_, y_;
};

// 1, 2 or 5 times a power of ten: the one nearest by ratio.
double round_step(double ideal) {
  const double power = std::pow(10, std::floor(std::log10(ideal)));
  const double factor = ideal / power;
  if (factor < std::sqrt(2)) return power;
  if (factor < std::sqrt(10)) return 2 * power;
  return factor < std::sqrt(50) ? 5 * power : 10 * power;
}

}  // namespace

std::string svg_chart(const Chart& chart) {
  return Drawing(chart).svg();
}

std::vector<double> round_ticks(double low, double high, int wanted) {
  if (!(high > low)) return {low};
  const double step = round_step((high - low) / wanted);
  std::vector<double> ticks;
  for (double i = std::ceil(low / step - 1e-9); i * step <= high + step * 1e-9; ++i)
    ticks.push_back(i * step);
  return ticks;
}

std::vector<double> logarithmic_ticks(double low, double high) {
  const double decades = std::log10(high / low);
  const int stride = std::max(1, static_cast<int>(std::ceil(decades / 6)));
  const std::vector<double> factors = decades < 3 ? std::vector<double>{1, 2, 5} : std::vector<double>{1};
  std::vector<double> ticks;
  for (int power = std::floor(std::log10(low)); std::pow(10, power) <= high; power += stride) {
    for (const double factor : factors) {
      const double tick = factor * std::pow(10, power);
      if (tick >= low && tick <= high) ticks.push_back(tick);
    }
  }
  return ticks;
}

std::string tick_text(double value, double step) {
  const double gap = std::abs(step);
  if (std::abs(value) < gap * 1e-6) return "0";
  if (gap < 1e-4 || gap >= 1e9) {
    char buffer[32];
    std::snprintf(buffer, sizeof buffer, "%.3g", value);
    return buffer;
  }
  if (gap >= 5e5) return fixed(value / 1e6, gap < 1e6 ? 1 : 0) + "M";
  if (gap >= 1e3) return fixed(value / 1e3, 0) + "k";
  if (gap >= 1) return with_commas(std::llround(value));
  return fixed(value, std::ceil(-std::log10(gap) - 1e-9));
}

std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, size_t limit) {
  if (points.size() <= limit) return points;
  const size_t run = (2 * points.size() + limit - 1) / limit;  // two of each are kept
  std::vector<ChartPoint> kept;
  for (size_t begin = 0; begin < points.size(); begin += run) {
    const auto first = points.begin() + begin;
    const auto last = points.begin() + std::min(points.size(), begin + run);
    auto [low, high] =
        std::minmax_element(first, last, [](const auto& a, const auto& b) { return a.y < b.y; });
    if (high < low) std::swap(low, high);
    kept.push_back(*low);
    if (low != high) kept.push_back(*high);
  }
  return kept;
}

}  // namespace dragoman
