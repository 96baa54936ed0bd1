# The rooms of the house. Each folder of src/ is one static library, penstock_<folder>, that sees only its own public
# headers and those of the libraries it is linked to: include/penstock/<folder> is reached through a directory that
# holds nothing else, so an include of a room above does not compile.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime
      CCACHE_BASEDIR=${PROJECT_SOURCE_DIR} CCACHE_NOHASHDIR=1 ${CCACHE})
endif()

find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Line tables are enough for a stack trace, a third of the size and a tenth of the time.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")
if(PENSTOCK_SANITIZE)
  set(CMAKE_CXX_FLAGS_DEBUG "-g1")
endif()

add_library(penstock_options INTERFACE)
target_compile_features(penstock_options INTERFACE cxx_std_23)
target_include_directories(penstock_options INTERFACE ${PROJECT_SOURCE_DIR}/cmake)  # precompiled.hpp
target_compile_options(
  penstock_options
  INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
            -Werror -fpch-preprocess -pthread) # -pthread: gRPC brings it, and a precompiled header must fit every target
if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_options INTERFACE -fsanitize=${PENSTOCK_SANITIZE} -fno-omit-frame-pointer)
  target_link_options(penstock_options INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
  # GCC's flow-sensitive warnings misfire in instrumented code (GCC bug 80635 and kin).
  target_compile_options(penstock_options INTERFACE -Wno-maybe-uninitialized)
  # The thread sanitizer doesn't see Asio's fences; it sees the mutexes beside them.
  target_compile_options(penstock_options INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  # cpprestsdk keeps to itself the type information that this check compares.
  target_compile_options(penstock_options INTERFACE -fno-sanitize=vptr)
endif()

# penstock_headers(<target> <scope> <folder>): lets <target> include <penstock/folder/...>.
function(penstock_headers target scope folder)
  set(view ${PROJECT_BINARY_DIR}/include/${folder})
  file(MAKE_DIRECTORY ${view}/penstock)
  file(CREATE_LINK ${PROJECT_SOURCE_DIR}/include/penstock/${folder} ${view}/penstock/${folder} SYMBOLIC)
  target_include_directories(${target} ${scope} ${view})
endfunction()

# penstock_library(<folder> [USES folder...] [PUBLIC lib...] [PRIVATE lib...]): the library of src/<folder>.
function(penstock_library folder)
  cmake_parse_arguments(arg "" "" "USES;PUBLIC;PRIVATE" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${folder}/*.cpp)
  add_library(penstock_${folder} STATIC ${sources})
  penstock_headers(penstock_${folder} PUBLIC ${folder})
  target_include_directories(penstock_${folder} PRIVATE ${PROJECT_SOURCE_DIR}/src/${folder})
  list(TRANSFORM arg_USES PREPEND penstock_)
  target_link_libraries(
    penstock_${folder}
    PUBLIC ${arg_USES} ${arg_PUBLIC}
    PRIVATE penstock_options ${arg_PRIVATE})
  penstock_precompile(penstock_${folder})
  # Several files at once take little more time than one. (tools/tidy looks at them in the same way.)
  if(PENSTOCK_SANITIZE)
    set_target_properties(penstock_${folder} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 12)
    # Of types in unnamed namespaces, which are this file's own for all that.
    target_compile_options(penstock_${folder} PRIVATE -Wno-subobject-linkage)
  endif()
endfunction()

# One precompiled header for every target; it is compiled with penstock_options alone, so that it fits them all. It is
# named without its path, so that ccache finds it again from another checkout.
add_library(penstock_precompiled STATIC ${PROJECT_SOURCE_DIR}/cmake/precompiled.cpp)
target_link_libraries(penstock_precompiled PRIVATE penstock_options)
target_precompile_headers(penstock_precompiled PRIVATE <precompiled.hpp>)
function(penstock_precompile target)
  target_precompile_headers(${target} REUSE_FROM penstock_precompiled)
endfunction()

# penstock_test(<folder> [PART <folder>] [MORE file...] [PRIVATE lib...]): <folder>_tests from tests/<folder>/*.cpp, in
# ctest. A part is a folder in there that is a program of its own, <part>_tests, of its *_test.cpp and MORE; it sees the
# private headers of src/<folder>.
function(penstock_test folder)
  cmake_parse_arguments(arg "" "PART" "MORE;PRIVATE" ${ARGN})
  set(library ${folder})
  if(arg_PART)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${library}/${arg_PART}/*_test.cpp)
    set(folder ${arg_PART})
  else()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/${folder}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/tests/kafka/wire/")
  endif()
  add_executable(${folder}_tests ${sources} ${arg_MORE})
  if(arg_PART)
    target_include_directories(${folder}_tests PRIVATE ${PROJECT_SOURCE_DIR}/src/${library})
  endif()
  target_include_directories(${folder}_tests PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${folder}_tests PRIVATE penstock_${library} test_options test_main ${arg_PRIVATE})
  target_precompile_headers(${folder}_tests REUSE_FROM test_precompiled)
  # From the project's folder, where they find the CRDs and their data; a path compiled in would make the objects of one
  # checkout useless to another.
  add_test(NAME ${folder} COMMAND ${folder}_tests WORKING_DIRECTORY ${PROJECT_SOURCE_DIR})
  set_tests_properties(
    ${folder} PROPERTIES TIMEOUT 300 ENVIRONMENT "TSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/tsan.supp")
endfunction()

# penstock_program(<target> <main.cpp> <library folder>)
function(penstock_program target main folder)
  add_executable(${target} ${main})
  target_compile_definitions(${target} PRIVATE PENSTOCK_VERSION="${PROJECT_VERSION}")
  target_link_libraries(${target} PRIVATE penstock_${folder} penstock_options)
  penstock_precompile(${target})
endfunction()
