# What `cmake --install` and cpack put where.
#
#   runtime      bin/dragoman, its man page, completions
#   bundled      lib/dragoman: LibTorch's libraries and whatever else the program loads that a bare Debian has not, and
#                share/doc/dragoman/licenses: the licences of these libraries
#   development  headers, the static library and the CMake package: find_package(dragoman) gives dragoman::dragoman
option(DRAGOMAN_INSTALL_CUDA "Install LibTorch's CUDA half too (several GB)" OFF)

set(bundle lib/dragoman)
set_target_properties(dragoman_program PROPERTIES INSTALL_RPATH "$ORIGIN/../${bundle}")
install(TARGETS dragoman_program RUNTIME_DEPENDENCY_SET dragoman_needs RUNTIME DESTINATION bin COMPONENT runtime)
# The system's own libraries stay out: another machine's C library would break more than it helps.
install(RUNTIME_DEPENDENCY_SET dragoman_needs
  PRE_EXCLUDE_REGEXES "^ld-linux" "^lib(c|m|dl|rt|pthread|util|stdc\\+\\+|gcc_s|z)\\.so"
  POST_EXCLUDE_REGEXES "/ld-linux"
  LIBRARY DESTINATION ${bundle} COMPONENT bundled)
if(DRAGOMAN_INSTALL_CUDA)
  # Opened by name when CUDA is asked for, so no dependency of the program.
  file(GLOB cuda_libraries ${DRAGOMAN_TORCH_ROOT}/lib/*.so* ${DRAGOMAN_TORCH_ROOT}/../nvidia/*/lib/*.so*)
  list(FILTER cuda_libraries EXCLUDE REGEX "libtorch_python")
  install(FILES ${cuda_libraries} DESTINATION ${bundle} COMPONENT bundled)
endif()

# Of the libraries that are part of the program itself.
find_file(cxxopts_header cxxopts.hpp REQUIRED)
find_file(json_header nlohmann/json.hpp REQUIRED)
install(CODE "
  set(prefix \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}\")
  execute_process(COMMAND \"${PROJECT_SOURCE_DIR}/cmake/package/licences\" \"\${prefix}/${bundle}\"
    \"\${prefix}/share/doc/dragoman/licenses\" \"${DRAGOMAN_TORCH_ROOT}\" \"${cxxopts_header}\" \"${json_header}\"
    RESULT_VARIABLE result ERROR_VARIABLE complaint)
  if(result)
    message(WARNING \"\${complaint}An installation for others must have it.\")
  endif()" COMPONENT bundled)

# Written by the program itself, from its option lists.
function(dragoman_install_made arguments folder name)
  install(CODE "
    # Debian's zsh searches another folder under /usr than under /usr/local and elsewhere.
    if(\"${folder}\" MATCHES zsh AND CMAKE_INSTALL_PREFIX STREQUAL \"/usr\" AND EXISTS /etc/debian_version)
      set(folder \"\$ENV{DESTDIR}/usr/share/zsh/vendor-completions\")
    else()
      set(folder \"\$ENV{DESTDIR}\${CMAKE_INSTALL_PREFIX}/${folder}\")
    endif()
    file(MAKE_DIRECTORY \"\${folder}\")
    execute_process(COMMAND \"$<TARGET_FILE:dragoman_program>\" ${arguments} OUTPUT_FILE \"\${folder}/${name}\" COMMAND_ERROR_IS_FATAL ANY)
    message(STATUS \"Installing: \${folder}/${name}\")" COMPONENT runtime)
endfunction()
dragoman_install_made("--man" share/man/man1 dragoman.1)
dragoman_install_made("--completion bash" share/bash-completion/completions dragoman)
dragoman_install_made("--completion zsh" share/zsh/site-functions _dragoman)
dragoman_install_made("--completion fish" share/fish/vendor_completions.d dragoman.fish)
install(DIRECTORY models DESTINATION share/dragoman COMPONENT runtime)
install(FILES LICENSE DESTINATION share/doc/dragoman RENAME copyright COMPONENT runtime)

# ---- the library ------------------------------------------------------------

install(TARGETS dragoman ARCHIVE DESTINATION lib COMPONENT development)
install(FILES dragoman.h DESTINATION include/dragoman COMPONENT development)
foreach(folder core kernels tokenizer folder data exchange evaluation planning report runtime fused model decoding training)
  install(DIRECTORY ${folder} DESTINATION include/dragoman COMPONENT development FILES_MATCHING PATTERN "*.h")
endforeach()
include(CMakePackageConfigHelpers)
set(DRAGOMAN_ARCHIVE lib/libdragoman.a)
set(DRAGOMAN_HEADERS include/dragoman)
configure_package_config_file(cmake/dragomanConfig.cmake.in ${PROJECT_BINARY_DIR}/dragomanConfig.cmake
  INSTALL_DESTINATION lib/cmake/dragoman PATH_VARS DRAGOMAN_ARCHIVE DRAGOMAN_HEADERS)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dragomanConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/dragomanConfig.cmake ${PROJECT_BINARY_DIR}/dragomanConfigVersion.cmake
  cmake/dependencies.cmake cmake/libtorch.cmake cmake/sentencepiece.cmake DESTINATION lib/cmake/dragoman COMPONENT development)

# ---- packages: cpack in the build folder ------------------------------------

set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_VENDOR "the Dragoman authors")
set(CPACK_PACKAGE_CONTACT "the Dragoman authors <dragoman@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "trains, evaluates and runs sequence-to-sequence Transformers")
set(CPACK_PACKAGING_INSTALL_PREFIX /opt/dragoman)
set(CPACK_COMPONENTS_ALL runtime bundled)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_STRIP_FILES OFF)  # LibTorch's are as they came
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_ARCHIVE_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_NAME dragoman)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_DEPENDS "libc6 (>= 2.36), libstdc++6 (>= 12), zlib1g")
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd)
set(CPACK_THREADS 0)
# /usr/bin/dragoman
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${PROJECT_SOURCE_DIR}/cmake/package/postinst ${PROJECT_SOURCE_DIR}/cmake/package/prerm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
