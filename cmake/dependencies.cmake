# Every dependency, in one place: what it is for, which version, where it comes from.
# scripts/setup installs the same list; scripts/setup reads the LibTorch pins below from this file.
#
#   LibTorch        tensors, autograd, kernels     PyTorch's wheel or the official archive, 2.11 or newer
#   SentencePiece   subword tokenizer              Debian libsentencepiece-dev (0.1.97), and libabsl-dev from 0.2.2 on
#   cxxopts         command line                   Debian libcxxopts-dev (3.1)
#   nlohmann/json   JSON                           Debian nlohmann-json3-dev (3.11)
#   zlib            .gz files                      Debian zlib1g-dev
#   xxHash          checksums (XXH3, 128 bits)     Debian libxxhash-dev (0.8)
#   GoogleTest      tests                          Debian libgtest-dev (1.12)

set(DRAGOMAN_TORCH_MINIMUM 2.11)
set(DRAGOMAN_TORCH_PIN 2.15.0)             # what scripts/setup installs when no LibTorch is in reach
set(DRAGOMAN_CUDA_RUNTIME_PIN 13.2)        # nvidia-cuda-runtime, nvidia-cuda-cupti: libtorch_cpu.so needs both to load

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(cxxopts 3.0 REQUIRED)

include(${CMAKE_CURRENT_LIST_DIR}/sentencepiece.cmake)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash>=0.8)
add_library(dragoman::xxhash ALIAS PkgConfig::XXHASH)

include(${CMAKE_CURRENT_LIST_DIR}/libtorch.cmake)
