// The parts of report.html: each takes the content and gives markup.
#pragma once

#include <string>

#include "report/report.h"

namespace dragoman {

// A heading and its content.
std::string section(const std::string& title, const std::string& content);

std::string curves_section(const ReportContent& content);
std::string corpus_section(const ReportContent& content);
std::string settings_section(const ReportContent& content);

// The lengths of both sides as a figure; nothing when there is no sentence.
std::string length_histogram(const ReportCorpus& corpus);

}  // namespace dragoman
