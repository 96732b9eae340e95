// The search settings of a command that translates: default < folder < flag.
#pragma once

#include "app/command_line.h"
#include "core/log.h"
#include "decoding/search_options.h"
#include "folder/model_folder.h"

namespace dragoman {

// Sets `search`, a member of the struct that `options` describes, by the folder's generation_config.json and
// then again by the flags that were given. If two settings exclude each other, the flag takes precedence over
// the folder: a beam that is not given grows to --n-best, and --min-length may exceed the folder's maximum
// length. Each key of the folder that would change translations and that this program does not support is a
// warning. UsageError as SearchOptions::check() has it, and ModelError for a folder that contradicts itself.
void resolve_search(const OptionList& options, const Flags& given, const ModelFolder& folder,
                    SearchOptions& search, Log& log);

}  // namespace dragoman
