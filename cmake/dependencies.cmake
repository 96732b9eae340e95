# Every dependency, in one place: what it is for, which version, where it comes from.
# scripts/setup installs the same list; scripts/setup reads the LibTorch pins below from this file.
#
#   LibTorch        tensors, autograd, kernels     PyTorch's wheel or the official archive, 2.11 or newer
#   SentencePiece   subword tokenizer              Debian libsentencepiece-dev (0.1.97), and libabsl-dev from 0.2.2 on
#   cxxopts         command line                   Debian libcxxopts-dev (3.1)
#   nlohmann/json   JSON                           Debian nlohmann-json3-dev (3.11)
#   zlib            .gz files                      Debian zlib1g-dev
#   libbz2, liblzma, libzstd
#                   .bz2, .xz and .zst files       Debian libbz2-dev, liblzma-dev, libzstd-dev; each may be missing
#   xxHash          checksums (XXH3, 128 bits)     Debian libxxhash-dev (0.8)
#   yaml-cpp        Marian's settings              Debian libyaml-cpp-dev (0.7), with which Marian writes them
#   ICU             sentence boundaries            Debian libicu-dev; optional: without it --split-sentences is refused
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

# dragoman::compression: the formats of compressed text, in addition to gzip, that this machine has libraries for. A program that
# is built without one of them refuses its files by name. DRAGOMAN_COMPRESSION_BUILT: those that an installed library has.
if(NOT TARGET dragoman::compression)
  set(DRAGOMAN_COMPRESSION "BZIP2;LZMA;ZSTD" CACHE STRING "Formats of compressed text to read where their libraries are there")
  find_package(BZip2 QUIET)
  find_package(LibLZMA QUIET)
  pkg_check_modules(ZSTD QUIET IMPORTED_TARGET libzstd)
  set(compression_targets_BZIP2 BZip2::BZip2)
  set(compression_targets_LZMA LibLZMA::LibLZMA)
  set(compression_targets_ZSTD PkgConfig::ZSTD)
  set(DRAGOMAN_COMPRESSION_FOUND "")
  add_library(dragoman::compression INTERFACE IMPORTED)
  foreach(format IN LISTS DRAGOMAN_COMPRESSION)
    set(library ${compression_targets_${format}})
    if(TARGET ${library})
      target_link_libraries(dragoman::compression INTERFACE ${library})
      target_compile_definitions(dragoman::compression INTERFACE DRAGOMAN_HAS_${format})
      list(APPEND DRAGOMAN_COMPRESSION_FOUND ${format})
    elseif(format IN_LIST DRAGOMAN_COMPRESSION_BUILT)
      message(FATAL_ERROR "dragoman was built with ${format}, whose library is not installed here")
    else()
      message(STATUS "No library for ${format}: such files will be refused by name")
    endif()
  endforeach()
endif()
pkg_check_modules(YAML_CPP REQUIRED IMPORTED_TARGET yaml-cpp>=0.7)
add_library(dragoman::yaml_cpp ALIAS PkgConfig::YAML_CPP)

# Optional, since its data take 30 MB.
option(DRAGOMAN_ICU "Use ICU for --split-sentences, when it is there" ON)
if(NOT TARGET dragoman_icu)
  add_library(dragoman_icu INTERFACE)
endif()
if(DRAGOMAN_ICU)
  find_package(ICU COMPONENTS uc)
  if(ICU_FOUND)
    target_link_libraries(dragoman_icu INTERFACE ICU::uc)
    target_compile_definitions(dragoman_icu INTERFACE DRAGOMAN_HAS_ICU)
  endif()
endif()

include(${CMAKE_CURRENT_LIST_DIR}/libtorch.cmake)
