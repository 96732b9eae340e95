// Evaluates a model: sources --> translations --> scores against the references.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/options.h"
#include "decoding/translator.h"
#include "evaluation/metrics.h"

namespace dragoman {

// All lines of a text file. DataError, also for text that is not UTF-8: with replaced characters its score
// would be wrong.
StringList read_lines(const std::string& path);

// The best translation of each source, in order. `progress` is given now and then the latest translations, in
// any order. Interrupted.
using TranslationProgress = std::function<void(const std::vector<Translation>&)>;
StringList translate_lines(const Translator& translator, const StringList& sources,
                           const TranslationProgress& progress = nullptr);

}  // namespace dragoman
