#include "report/page.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace dragoman {
namespace {

TEST(Page, EachPlaceGetsItsValue) {
  EXPECT_EQ(filled("<b>{{a}}</b>{{b}}{{a}}\n", {{"a", "1"}, {"b", ""}}), "<b>1</b>1\n");
  EXPECT_EQ(filled("no place: { } }}", {}), "no place: { } }}");
}

TEST(Page, ValuesAreNotSearchedForPlaces) {
  EXPECT_EQ(filled("{{a}} {{b}}", {{"a", "{{b}}"}, {"b", "{{c}}"}}), "{{b}} {{c}}");
}

TEST(Page, PlacesAndValuesBelongTogether) {
  EXPECT_THROW(filled("{{a}}", {}), std::logic_error);
  EXPECT_THROW(filled("{{a", {{"a", "1"}}), std::logic_error);
  EXPECT_THROW(filled("", {{"a", "1"}}), std::logic_error);
}

TEST(Page, TheReportsIsCompiledIn) {
  const std::string_view page = report_page();
  EXPECT_EQ(page.substr(0, 15), "<!DOCTYPE html>");
  EXPECT_EQ(page.substr(page.size() - 8), "</html>\n");
  EXPECT_NE(page.find("content: \"\\25CF\\00A0\""), std::string_view::npos)
      << "its backslashes are as in the file";
}

}  // namespace
}  // namespace dragoman
