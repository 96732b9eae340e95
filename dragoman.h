// The API header: include this and link dragoman::dragoman.
//
//   #include "dragoman.h"
//   auto folder = dragoman::ModelFolder::read("en-de");
//   dragoman::Translator translator(std::move(folder), {}, dragoman::engine_on(torch::kCPU));
//   std::cout << translator.translate({"Good morning."})[0].text();
#pragma once

#include "core/error.h"
#include "core/interrupt.h"
#include "core/log.h"
#include "data/encoded_corpus.h"
#include "data/parallel_text.h"
#include "decoding/torch/engine_factory.h"
#include "decoding/translator.h"
#include "evaluation/comparison.h"
#include "evaluation/metrics.h"
#include "folder/model_folder.h"
#include "model/transformer.h"
#include "model/weights.h"
#include "runtime/device.h"
#include "tokenizer/tokenizer.h"
#include "tokenizer/trainer.h"
#include "training/run.h"
