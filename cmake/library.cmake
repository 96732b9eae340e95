# How a folder becomes part of the library, and how programs use it.

add_library(dragoman_flags INTERFACE)
target_compile_options(dragoman_flags INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 14)
  # g++ 12 sees overlapping copies in `"text" + std::string` (GCC bug 105651): both warnings are wrong there.
  target_compile_options(dragoman_flags INTERFACE -Wno-restrict -Wno-stringop-overflow)
endif()
if(DRAGOMAN_WERROR)
  target_compile_options(dragoman_flags INTERFACE -Werror)
endif()
if(DRAGOMAN_SANITIZE)
  target_compile_options(dragoman_flags INTERFACE -fsanitize=${DRAGOMAN_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=undefined)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # The sanitizers' checks make g++ 12 report uninitialised values in std::optional wrongly.
    target_compile_options(dragoman_flags INTERFACE -Wno-maybe-uninitialized)
  endif()
  target_link_options(dragoman_flags INTERFACE -fsanitize=${DRAGOMAN_SANITIZE})
endif()
if(DRAGOMAN_FUZZ)
  # Counts what the fuzzer's inputs reach.
  target_compile_options(dragoman_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_include_directories(dragoman_flags INTERFACE ${PROJECT_SOURCE_DIR})
target_compile_definitions(dragoman_flags INTERFACE DRAGOMAN_VERSION="${PROJECT_VERSION}")

# LibTorch's headers take 20 CPU-seconds to parse: they are parsed once, here, for every file that needs them.
function(dragoman_precompile_torch target)
  target_link_libraries(${target} PRIVATE dragoman::torch)
  if(NOT TARGET dragoman_torch_header)
    file(WRITE ${PROJECT_BINARY_DIR}/torch_header.cpp "// The precompiled header is built with this file.\n")
    add_library(dragoman_torch_header OBJECT ${PROJECT_BINARY_DIR}/torch_header.cpp)
    target_link_libraries(dragoman_torch_header PRIVATE dragoman_flags dragoman::torch)
    target_precompile_headers(dragoman_torch_header PRIVATE ${PROJECT_SOURCE_DIR}/runtime/torch.h)
  endif()
  target_precompile_headers(${target} REUSE_FROM dragoman_torch_header)
  # And still every file of them takes 5 CPU-seconds: g++ instantiates what the headers left pending once a file.
  set_target_properties(${target} PROPERTIES UNITY_BUILD ${DRAGOMAN_UNITY} UNITY_BUILD_BATCH_SIZE 6)
endfunction()

# dragoman_folder(NAME [TORCH] [LINKS target...]): object libraries from the .cpp files below NAME. A folder of TORCH is
# compiled with LibTorch as a whole. Of any other folder only NAME/torch is: the rest stays quick to build, and its tests
# and fuzzers link without LibTorch.
function(dragoman_folder name)
  cmake_parse_arguments(FOLDER "TORCH" "" "LINKS" ${ARGN})
  file(GLOB_RECURSE light CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/*.cpp)
  file(GLOB_RECURSE heavy CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${name}/torch/*.cpp)
  if(FOLDER_TORCH)
    set(heavy ${light})
  endif()
  if(heavy)
    list(REMOVE_ITEM light ${heavy})
  endif()
  if(light)
    add_library(dragoman_${name}_light OBJECT ${light})
    target_link_libraries(dragoman_${name}_light PRIVATE dragoman_flags nlohmann_json::nlohmann_json ${FOLDER_LINKS})
    set_property(GLOBAL APPEND PROPERTY DRAGOMAN_LIGHT_OBJECTS dragoman_${name}_light)
  endif()
  if(heavy)
    add_library(dragoman_${name} OBJECT ${heavy})
    target_link_libraries(dragoman_${name} PRIVATE dragoman_flags nlohmann_json::nlohmann_json ${FOLDER_LINKS})
    dragoman_precompile_torch(dragoman_${name})
    set_property(GLOBAL APPEND PROPERTY DRAGOMAN_HEAVY_OBJECTS dragoman_${name})
  endif()
  set_property(GLOBAL APPEND PROPERTY DRAGOMAN_LINKS ${FOLDER_LINKS})
endfunction()

# The text of a file as `const char NAME[]` in the namespace dragoman: the program needs no such file at run time.
function(dragoman_embed target file name)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/${file})
  file(READ ${PROJECT_SOURCE_DIR}/${file} text)
  set(source ${PROJECT_BINARY_DIR}/embedded/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT
"// Made by the build from @file@.
namespace dragoman {
extern const char @name@[];
const char @name@[] = R\"embedded(@text@)embedded\";
}  // namespace dragoman
")
  target_sources(${target} PRIVATE ${source})
endfunction()

# Two archives are one library to its users: dragoman_light holds what needs no LibTorch (so that its tests and
# fuzzers link without it), dragoman adds the rest.
function(dragoman_library)
  get_property(light GLOBAL PROPERTY DRAGOMAN_LIGHT_OBJECTS)
  get_property(heavy GLOBAL PROPERTY DRAGOMAN_HEAVY_OBJECTS)
  get_property(links GLOBAL PROPERTY DRAGOMAN_LINKS)
  add_library(dragoman_light STATIC)
  foreach(objects IN LISTS light)
    target_sources(dragoman_light PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
  set_target_properties(dragoman_light PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(dragoman_light PUBLIC ${links} Threads::Threads)
  add_library(dragoman STATIC)
  foreach(objects IN LISTS light heavy)
    target_sources(dragoman PRIVATE $<TARGET_OBJECTS:${objects}>)
  endforeach()
  set_target_properties(dragoman PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(dragoman PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  target_link_libraries(dragoman PUBLIC ${links} Threads::Threads dragoman::torch)
  add_library(dragoman::dragoman ALIAS dragoman)
endfunction()

# The program: the files below app/. All of it is thin.
function(dragoman_program_sources target folder)
  dragoman_folder(${folder} LINKS cxxopts::cxxopts)
  foreach(objects dragoman_${folder}_light dragoman_${folder})
    if(TARGET ${objects})
      target_sources(${target} PRIVATE $<TARGET_OBJECTS:${objects}>)
    endif()
  endforeach()
  set_target_properties(${target} PROPERTIES LINKER_LANGUAGE CXX)
  target_link_libraries(${target} PRIVATE dragoman dragoman_flags)
endfunction()
