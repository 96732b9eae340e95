# Finds SentencePiece 0.1.97 or newer and makes the imported target dragoman::sentencepiece.
#
# SentencePiece has no CMake package, and its pkg-config file cannot be used everywhere: on Debian 13 and later it asks
# for protobuf-lite, which libsentencepiece-dev does not bring and a program does not need. So the file is only asked
# for the version and the folder, and the headers and libraries are looked for as usual.
# From 0.2.2 on, the headers include those of Abseil (libabsl-dev), and absl::Status is linked.

foreach(what version libdir includedir)
  set(argument --variable=${what})
  if(what STREQUAL "version")
    set(argument --modversion)
  endif()
  execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} ${argument} sentencepiece
    OUTPUT_VARIABLE sentencepiece_${what} OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
endforeach()
find_path(SENTENCEPIECE_HEADERS sentencepiece_trainer.h HINTS "${sentencepiece_includedir}")
find_library(SENTENCEPIECE_LIBRARY sentencepiece HINTS "${sentencepiece_libdir}")
find_library(SENTENCEPIECE_TRAIN_LIBRARY sentencepiece_train HINTS "${sentencepiece_libdir}")
mark_as_advanced(SENTENCEPIECE_HEADERS SENTENCEPIECE_LIBRARY SENTENCEPIECE_TRAIN_LIBRARY)
if(NOT SENTENCEPIECE_HEADERS OR NOT SENTENCEPIECE_LIBRARY OR NOT SENTENCEPIECE_TRAIN_LIBRARY)
  message(FATAL_ERROR "SentencePiece was not found. Run scripts/setup, or set CMAKE_PREFIX_PATH to where it is installed.")
endif()
if(sentencepiece_version AND sentencepiece_version VERSION_LESS 0.1.97)
  message(FATAL_ERROR "expected SentencePiece 0.1.97 or newer, got ${sentencepiece_version} in ${SENTENCEPIECE_HEADERS}")
endif()

add_library(dragoman_sentencepiece INTERFACE)
add_library(dragoman::sentencepiece ALIAS dragoman_sentencepiece)
target_include_directories(dragoman_sentencepiece SYSTEM INTERFACE ${SENTENCEPIECE_HEADERS})
target_link_libraries(dragoman_sentencepiece INTERFACE ${SENTENCEPIECE_LIBRARY} ${SENTENCEPIECE_TRAIN_LIBRARY})
file(STRINGS ${SENTENCEPIECE_HEADERS}/sentencepiece_processor.h sentencepiece_absl REGEX "^#include <absl/status" LIMIT_COUNT 1)
if(sentencepiece_absl)
  find_package(absl REQUIRED)
  target_link_libraries(dragoman_sentencepiece INTERFACE absl::status)
endif()
