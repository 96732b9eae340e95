# Finds LibTorch and makes the imported target dragoman::torch (torch_cpu and c10 only).
#
# Order: Torch_DIR, then CMAKE_PREFIX_PATH (the official LibTorch archive or a wheel's folder), then the torch of the Python in
# reach, then .venv, which scripts/setup makes. The torch package is looked up, never imported: importing takes
# seconds, and fails where only the CPU half of its libraries is installed.
#
# We do not use the TorchConfig.cmake that comes with it: the CUDA wheel's wants a CUDA toolkit to be installed,
# which nothing here needs. One binary serves both devices: libtorch_cuda.so is opened when CUDA is asked for.

function(dragoman_torch_version root result)
  set(version "")
  if(EXISTS ${root}/version.py)                       # a wheel
    file(STRINGS ${root}/version.py line REGEX "^__version__")
    string(REGEX MATCH "[0-9]+\\.[0-9]+(\\.[0-9]+)?" version "${line}")
  elseif(EXISTS ${root}/build-version)                # the official archive
    file(READ ${root}/build-version line)
    string(REGEX MATCH "[0-9]+\\.[0-9]+(\\.[0-9]+)?" version "${line}")
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

# Appends to `candidates` the torch folder of one Python, if it has one.
function(dragoman_torch_of_python python candidates)
  execute_process(
    COMMAND ${python} -c "import importlib.util as u; s = u.find_spec('torch'); print(s.submodule_search_locations[0] if s and s.submodule_search_locations else '')"
    OUTPUT_VARIABLE found OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
  if(found)
    set(${candidates} ${${candidates}} ${found} PARENT_SCOPE)
  endif()
endfunction()

# What an earlier configure found comes right after Torch_DIR: a build must not change its LibTorch because another shell runs it.
set(torch_candidates "")
if(Torch_DIR)
  list(APPEND torch_candidates ${Torch_DIR}/../../..)
elseif(DEFINED ENV{Torch_DIR})
  list(APPEND torch_candidates $ENV{Torch_DIR}/../../..)
endif()
if(DRAGOMAN_TORCH_FOUND AND NOT CMAKE_PREFIX_PATH AND NOT DEFINED ENV{CMAKE_PREFIX_PATH})
  list(APPEND torch_candidates ${DRAGOMAN_TORCH_FOUND})
endif()
string(REPLACE ":" ";" environment_prefixes "$ENV{CMAKE_PREFIX_PATH}")
foreach(prefix IN LISTS CMAKE_PREFIX_PATH environment_prefixes)
  list(APPEND torch_candidates ${prefix} ${prefix}/../..)  # a prefix, or its share/cmake
endforeach()
if(DRAGOMAN_TORCH_HINT)  # of an installed package: the LibTorch it was built with
  list(APPEND torch_candidates ${DRAGOMAN_TORCH_HINT})
endif()
find_program(DRAGOMAN_PYTHON NAMES python3 python)
if(DRAGOMAN_PYTHON)
  dragoman_torch_of_python(${DRAGOMAN_PYTHON} torch_candidates)
endif()
if(EXISTS ${PROJECT_SOURCE_DIR}/.venv/bin/python)
  dragoman_torch_of_python(${PROJECT_SOURCE_DIR}/.venv/bin/python torch_candidates)
endif()

set(DRAGOMAN_TORCH_ROOT "")
foreach(candidate IN LISTS torch_candidates)
  if(NOT EXISTS ${candidate}/lib/libtorch_cpu.so OR NOT EXISTS ${candidate}/include/torch/csrc/api/include/torch/torch.h)
    continue()
  endif()
  get_filename_component(candidate ${candidate} REALPATH)
  dragoman_torch_version(${candidate} version)
  if(version AND version VERSION_LESS DRAGOMAN_TORCH_MINIMUM)
    message(STATUS "LibTorch ${version} in ${candidate} is older than ${DRAGOMAN_TORCH_MINIMUM}: skipped")
    continue()
  endif()
  set(DRAGOMAN_TORCH_ROOT ${candidate})
  set(DRAGOMAN_TORCH_VERSION ${version})
  break()
endforeach()
if(NOT DRAGOMAN_TORCH_ROOT)
  message(FATAL_ERROR "No LibTorch ${DRAGOMAN_TORCH_MINIMUM} or newer was found. Run scripts/setup, or set Torch_DIR or CMAKE_PREFIX_PATH "
                      "to an unpacked LibTorch.")
endif()
set(DRAGOMAN_TORCH_FOUND ${DRAGOMAN_TORCH_ROOT} CACHE INTERNAL "The LibTorch of the last configure")
message(STATUS "LibTorch ${DRAGOMAN_TORCH_VERSION}: ${DRAGOMAN_TORCH_ROOT}")

add_library(dragoman_torch INTERFACE)
add_library(dragoman::torch ALIAS dragoman_torch)
target_include_directories(dragoman_torch SYSTEM INTERFACE
  ${DRAGOMAN_TORCH_ROOT}/include ${DRAGOMAN_TORCH_ROOT}/include/torch/csrc/api/include)
# The wheel's libraries find each other by $ORIGIN; the linker needs the path of their dependencies.
target_link_libraries(dragoman_torch INTERFACE
  ${DRAGOMAN_TORCH_ROOT}/lib/libtorch_cpu.so ${DRAGOMAN_TORCH_ROOT}/lib/libc10.so dl)
file(GLOB torch_needs LIST_DIRECTORIES true ${DRAGOMAN_TORCH_ROOT}/../nvidia/*/lib)
foreach(folder IN LISTS torch_needs ITEMS ${DRAGOMAN_TORCH_ROOT}/lib)
  target_link_options(dragoman_torch INTERFACE "LINKER:-rpath-link,${folder}")
endforeach()
