// The small English-German model that comes with the program: the default of --model.
#pragma once

#include <string>

#include "core/options.h"

namespace dragoman {

inline constexpr const char* kModelHelp =
    "the model folder; without it, the English-German one that comes with dragoman";
inline constexpr const char* kModelsHelp =
    "the model folder; without it, the English-German one that comes with dragoman. Repeat the flag for an "
    "ensemble: the log-probability of each token is the mean over all models; their vocabularies must be "
    "the same";

// Its folder: share/dragoman/models/en-de of an installed program, models/en-de of the source tree that a
// program was built in. "" where there is none.
std::string shipped_model();

// `given`, or the shipped model when that is empty, which is reported on standard error. UsageError
// when there is neither.
std::string model_or_shipped(const std::string& given);
// The same of several.
StringList models_or_shipped(const StringList& given);

}  // namespace dragoman
