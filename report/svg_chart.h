// Line charts and histograms as SVG, without script and without a library: axes with round ticks, one line
// per series, dots with their values as tooltips. Colours are left to the page: the elements have classes.
//
//   svg.chart   rect.plot the plot area   line.grid   text.tick   text.axis   polyline.line.sN circle.dot.sN
//   path.area.sN (histograms)   circle.best   text.empty
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace dragoman {

struct ChartPoint {
  double x, y;
};

struct ChartSeries {
  std::string name;
  std::vector<ChartPoint> points;  // by rising x; what is not finite, or beyond 1e100, breaks the line
  bool dots = false;               // a dot with a tooltip at every point
};

struct Chart {
  std::string title;           // for screen readers
  std::string x_axis, y_axis;  // with the unit; not long
  std::vector<ChartSeries> series;
  bool zero_based = false;              // the y axis begins at 0, even when no value does
  bool logarithmic = false;             // the y axis, as soon as the values span a factor of 20
  bool histogram = false;               // y holds for all x up to the next point; the last y is not drawn
  std::optional<ChartPoint> best = {};  // gets a ring
};

// Of this size in units of the viewBox; the page scales it.
inline constexpr double kChartWidth = 460, kChartHeight = 250;

std::string svg_chart(const Chart& chart);

// Round numbers from `low` to `high`, 1, 2 or 5 times a power of ten apart, in about `wanted` steps.
std::vector<double> round_ticks(double low, double high, int wanted);
// Of 0 < low < high: powers of ten; where they are few, 2 and 5 times them as well.
std::vector<double> logarithmic_ticks(double low, double high);
// 0.0005, 0.5, 500, 20k, 1.5M, 2e-05: in the unit and with the decimals that fit `step`, the distance of two
// ticks. On a logarithmic axis a tick is its own step.
std::string tick_text(double value, double step);

// At most `limit` points: of each run of neighbours the lowest and the highest, so that no peak is lost.
std::vector<ChartPoint> thinned(const std::vector<ChartPoint>& points, size_t limit);

}  // namespace dragoman
