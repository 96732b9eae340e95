#include "report/svg_chart.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <regex>

namespace dragoman {
namespace {

size_t count(const std::string& text, const std::string& part) {
  size_t found = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++found;
  return found;
}

struct Box {
  double left, top, right, bottom;
};

double attribute(const std::string& element, const std::string& name) {
  std::smatch match;
  if (!std::regex_search(element, match, std::regex(" " + name + "=\"([-0-9.]+)\""))) return std::nan("");
  return std::stod(match[1]);
}

Box plot_area(const std::string& svg) {
  const std::string rect = svg.substr(svg.find("<rect class=\"plot\""));
  const double x = attribute(rect, "x"), y = attribute(rect, "y");
  return {x, y, x + attribute(rect, "width"), y + attribute(rect, "height")};
}

// The places of all polylines, one after the other.
std::vector<ChartPoint> places(const std::string& svg) {
  std::vector<ChartPoint> all;
  const std::regex points("points=\"([^\"]*)\""), pair("([-0-9.]+),([-0-9.]+)");
  for (std::sregex_iterator line(svg.begin(), svg.end(), points), end; line != end; ++line) {
    const std::string text = (*line)[1];
    for (std::sregex_iterator point(text.begin(), text.end(), pair); point != end; ++point)
      all.push_back({std::stod((*point)[1]), std::stod((*point)[2])});
  }
  return all;
}

Chart chart_of(std::vector<ChartPoint> points) {
  return {.title = "T", .x_axis = "x", .y_axis = "y", .series = {{"one", std::move(points), false}}};
}

void expect_ticks(const std::vector<double>& ticks, const std::vector<double>& expected) {
  ASSERT_EQ(ticks.size(), expected.size());
  for (size_t i = 0; i < ticks.size(); ++i) EXPECT_DOUBLE_EQ(ticks[i], expected[i]);
}

TEST(RoundTicks, AreOneTwoOrFiveTimesAPowerOfTenApart) {
  expect_ticks(round_ticks(0, 10, 5), {0, 2, 4, 6, 8, 10});
  expect_ticks(round_ticks(3, 47, 5), {10, 20, 30, 40});
  expect_ticks(round_ticks(-1, 1, 4), {-1, -0.5, 0, 0.5, 1});
  expect_ticks(round_ticks(0, 20'000, 6), {0, 5000, 10'000, 15'000, 20'000});
  expect_ticks(round_ticks(0.2, 1.6, 5), {0.2, 0.4, 0.6, 0.8, 1, 1.2, 1.4, 1.6});
  expect_ticks(round_ticks(7, 7, 5), {7});
}

TEST(LogarithmicTicks, ArePowersOfTenAndMoreWhereThoseAreFew) {
  EXPECT_EQ(logarithmic_ticks(3, 60), (std::vector<double>{5, 10, 20, 50}));
  EXPECT_EQ(logarithmic_ticks(0.9, 2e4), (std::vector<double>{1, 10, 100, 1000, 10000}));
  EXPECT_LE(logarithmic_ticks(1e-10, 1e20).size(), 7u);
}

TEST(TickText, HasTheUnitAndTheDecimalsOfTheStep) {
  EXPECT_EQ(tick_text(0, 5), "0");
  EXPECT_EQ(tick_text(1500, 500), "1,500");
  EXPECT_EQ(tick_text(4000, 2000), "4k");
  EXPECT_EQ(tick_text(20'000, 5'000), "20k");
  EXPECT_EQ(tick_text(1'500'000, 500'000), "1.5M");
  EXPECT_EQ(tick_text(2'000'000, 1'000'000), "2M");
  EXPECT_EQ(tick_text(0.5, 0.5), "0.5");
  EXPECT_EQ(tick_text(1, 0.25), "1.0");
  EXPECT_EQ(tick_text(0.0005, 0.0005), "0.0005");
  EXPECT_EQ(tick_text(2e-5, 1e-5), "2e-05");
}

TEST(SvgChart, PlacesPointsInTheirProportions) {
  const std::string svg = svg_chart(chart_of({{0, 0}, {50, 5}, {100, 10}}));
  const Box plot = plot_area(svg);
  const auto points = places(svg);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_NEAR(points[0].x, plot.left, 0.1);
  EXPECT_NEAR(points[0].y, plot.bottom, 0.1);  // 0 is at the bottom
  EXPECT_NEAR(points[1].x, (plot.left + plot.right) / 2, 0.1);
  EXPECT_NEAR(points[2].x, plot.right, 0.1);
  EXPECT_NEAR(points[0].y - points[1].y, points[1].y - points[2].y, 0.11);
  EXPECT_GT(points[1].y, points[2].y);  // more is higher
}

TEST(SvgChart, LogarithmicAxisGivesEqualRatiosEqualDistances) {
  Chart chart = chart_of({{1, 1}, {2, 10}, {3, 100}});
  chart.logarithmic = true;
  const auto points = places(svg_chart(chart));
  EXPECT_NEAR(points[0].y - points[1].y, points[1].y - points[2].y, 0.11);
  chart.series[0].points = {{1, 10}, {2, 11}, {3, 12}};  // a factor of 1.2 only
  const auto linear = places(svg_chart(chart));
  EXPECT_NEAR(linear[0].y - linear[1].y, linear[1].y - linear[2].y, 0.11);
}

TEST(SvgChart, EverythingStaysInsideWhateverTheValuesAre) {
  for (const auto& points :
       std::vector<std::vector<ChartPoint>>{{{1, 3}},
                                            {{0, 0}, {1, 0}},
                                            {{5, -3}, {9, -3}},
                                            {{1e6, 1e-9}, {3e6, 2e-9}},
                                            {{1, 1e99}, {2, 1}, {3, 1e300}, {4, 1e-99}, {5, 1e-300}},
                                            {{100, -1e5}, {200, 7e8}}}) {
    for (const bool logarithmic : {false, true}) {
      Chart chart = chart_of(points);
      chart.logarithmic = logarithmic;
      chart.series[0].dots = true;
      const std::string svg = svg_chart(chart);
      const Box plot = plot_area(svg);
      EXPECT_GE(plot.left, 0);
      EXPECT_LT(plot.left, kChartWidth / 2);
      EXPECT_LE(plot.right, kChartWidth);
      for (const auto& point : places(svg)) {
        EXPECT_TRUE(point.x >= plot.left - 0.1 && point.x <= plot.right + 0.1) << svg;
        EXPECT_TRUE(point.y >= plot.top - 0.1 && point.y <= plot.bottom + 0.1) << svg;
      }
      EXPECT_EQ(svg.find("nan"), std::string::npos);
      EXPECT_EQ(svg.find("inf"), std::string::npos);
    }
  }
}

TEST(SvgChart, WhatIsNotFiniteBreaksTheLine) {
  const double nan = std::nan(""), infinity = std::numeric_limits<double>::infinity();
  const std::string svg = svg_chart(chart_of({{1, 1}, {2, 2}, {3, nan}, {4, 3}, {5, infinity}, {6, 1}}));
  EXPECT_EQ(count(svg, "<polyline"), 3u);
  EXPECT_EQ(places(svg).size(), 4u);
}

TEST(SvgChart, WithoutAPointSaysSo) {
  EXPECT_NE(svg_chart(chart_of({})).find("nothing yet"), std::string::npos);
  EXPECT_NE(svg_chart(chart_of({{1, std::nan("")}})).find("nothing yet"), std::string::npos);
  EXPECT_EQ(svg_chart(chart_of({{1, 1}})).find("nothing yet"), std::string::npos);
}

TEST(SvgChart, DotsHaveTheirValuesAsTooltipsAndTheBestARing) {
  Chart chart = chart_of({{1000, 27.123456}, {2000, 28}});
  chart.x_axis = "update";
  chart.series[0].dots = true;
  chart.best = {2000, 28};
  const std::string svg = svg_chart(chart);
  EXPECT_EQ(count(svg, "<circle class=\"dot s0\""), 2u);
  EXPECT_EQ(count(svg, "<circle class=\"best\""), 1u);
  EXPECT_NE(svg.find("<title>one, update 1,000: 27.12</title>"), std::string::npos) << svg;
}

TEST(SvgChart, HistogramBarsAreAsWideAsTheirRange) {
  Chart chart = chart_of({{0, 10}, {5, 30}, {10, 0}});  // 10 on [0, 5), 30 on [5, 10)
  chart.histogram = true;
  const std::string svg = svg_chart(chart);
  EXPECT_EQ(count(svg, "<path class=\"area s0\""), 1u);
  const auto outline = places(svg);
  ASSERT_EQ(outline.size(), 6u);
  EXPECT_EQ(outline[1].y, outline[2].y);
  EXPECT_EQ(outline[2].x, outline[3].x);
  EXPECT_EQ(outline[3].y, outline[4].y);
  EXPECT_NEAR(outline[2].x - outline[1].x, outline[4].x - outline[3].x, 0.11);
}

TEST(SvgChart, TextOfTheChartIsNoMarkup) {
  Chart chart = chart_of({{1, 1}});
  chart.title = chart.x_axis = chart.y_axis = chart.series[0].name = "\"><script>";
  chart.series[0].dots = true;
  EXPECT_EQ(svg_chart(chart).find("<script"), std::string::npos);
  EXPECT_EQ(svg_chart(chart).find("\"\">"), std::string::npos);
}

TEST(Thinned, KeepsTheHighestAndTheLowest) {
  std::vector<ChartPoint> points;
  for (int i = 0; i < 10'000; ++i) points.push_back({static_cast<double>(i), static_cast<double>(i % 7)});
  points[5003].y = 1000;
  points[7001].y = -1000;
  const auto kept = thinned(points, 500);
  EXPECT_LE(kept.size(), 500u);
  EXPECT_GE(kept.size(), 400u);
  double low = 0, high = 0;
  for (size_t i = 0; i < kept.size(); ++i) {
    low = std::min(low, kept[i].y), high = std::max(high, kept[i].y);
    if (i > 0) {
      EXPECT_LT(kept[i - 1].x, kept[i].x);
    }
  }
  EXPECT_EQ(low, -1000);
  EXPECT_EQ(high, 1000);
  EXPECT_EQ(thinned({{1, 1}, {2, 2}}, 2).size(), 2u);
}

}  // namespace
}  // namespace dragoman
