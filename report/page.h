// The page that report.html is made of: page.html, whose text the build compiles in. It determines the look
// of the page: colours of both schemes as variables, charts of SVG classes (svg_chart.h). Its content
// security policy ensures that nothing is loaded and nothing runs, whatever the text of a report.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace dragoman {

using Markup = std::map<std::string, std::string, std::less<>>;  // by the name of its place

// The template with each {{name}} replaced by its value. Values are not searched for places. std::logic_error
// for a place without a value and for a value without a place.
std::string filled(std::string_view page, const Markup& values);

std::string_view report_page();

}  // namespace dragoman
