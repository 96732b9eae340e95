// The small English-German model that comes with the program: what --model is when it is not given.
#pragma once

#include <string>

#include "core/options.h"

namespace dragoman {

inline constexpr const char* kModelHelp =
    "the model folder; without it, the English-German one that comes with dragoman";
inline constexpr const char* kModelsHelp =
    "the model folder; without it, the English-German one that comes with dragoman. Repeat the flag for an "
    "ensemble: each token is judged by all models together, the mean of their log-probabilities; their "
    "vocabularies must be the same";

// Its folder: share/dragoman/models/en-de of an installed program, models/en-de of the source tree that a
// program was built in. "" where there is none.
std::string shipped_model();

// `given`, or the shipped model when that is empty, which standard error is told. UsageError when there is
// neither.
std::string model_or_shipped(const std::string& given);
// The same of several.
StringList models_or_shipped(const StringList& given);

}  // namespace dragoman
