# Every library that the project uses, as an imported target.

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(nng CONFIG REQUIRED)
find_package(OpenSSL REQUIRED COMPONENTS Crypto)
pkg_check_modules(protobuf_c REQUIRED IMPORTED_TARGET libprotobuf-c)
pkg_check_modules(hiredis REQUIRED IMPORTED_TARGET hiredis)
pkg_check_modules(libuv REQUIRED IMPORTED_TARGET libuv)
pkg_check_modules(sqlite3 REQUIRED IMPORTED_TARGET sqlite3)
pkg_check_modules(utf8proc REQUIRED IMPORTED_TARGET libutf8proc)

# Debian 13 has the library; Debian 12 has its sources in node-llhttp.
find_library(LLHTTP_LIBRARY llhttp)
if(LLHTTP_LIBRARY)
    find_path(LLHTTP_INCLUDE_DIR llhttp.h REQUIRED)
    add_library(llhttp INTERFACE)
    target_include_directories(llhttp SYSTEM INTERFACE ${LLHTTP_INCLUDE_DIR})
    target_link_libraries(llhttp INTERFACE ${LLHTTP_LIBRARY})
else()
    set(llhttp_dir /usr/share/llhttp)
    add_library(llhttp STATIC ${llhttp_dir}/api.c ${llhttp_dir}/http.c ${llhttp_dir}/llhttp.c)
    target_include_directories(llhttp SYSTEM PUBLIC /usr/share/include/llhttp)
endif()

# Warnings, sanitizers and hardening of our own code; linked privately by our own targets.
add_library(dongkhoi_flags INTERFACE)
target_compile_options(dongkhoi_flags INTERFACE
    -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wundef -Wstrict-prototypes
    -Wmissing-prototypes -Wwrite-strings -Wswitch-enum -Wvla
    -fno-omit-frame-pointer
    # Under clang also of designated initializers, which leave out what is zero.
    $<$<C_COMPILER_ID:Clang>:-Wno-missing-field-initializers>
    $<$<BOOL:${DONGKHOI_WERROR}>:-Werror>)
target_compile_definitions(dongkhoi_flags INTERFACE _GNU_SOURCE)
target_include_directories(dongkhoi_flags INTERFACE ${PROJECT_SOURCE_DIR}/common)
target_link_options(dongkhoi_flags INTERFACE -Wl,--build-id)
# A change links a service, the gateway and their tests: with a quick linker in a third of the time.
find_program(QUICK_LINKER NAMES ld.mold ld.gold)
if(QUICK_LINKER AND CMAKE_BUILD_TYPE STREQUAL "Debug" AND CMAKE_C_COMPILER_ID STREQUAL "GNU"
   AND NOT DONGKHOI_SANITIZE)
    string(REGEX REPLACE ".*/ld\\." "" quick_linker ${QUICK_LINKER})
    target_link_options(dongkhoi_flags INTERFACE -fuse-ld=${quick_linker})
endif()
if(DONGKHOI_SANITIZE)
    target_compile_options(dongkhoi_flags INTERFACE -O1 -fsanitize=${DONGKHOI_SANITIZE}
        -fno-sanitize-recover=all
        # Instrumented code makes gcc see uninitialised values where there are none.
        $<$<C_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
    target_link_options(dongkhoi_flags INTERFACE -fsanitize=${DONGKHOI_SANITIZE})
elseif(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
    target_compile_options(dongkhoi_flags INTERFACE
        -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3 -fPIE -fstack-protector-strong -fcf-protection)
    target_link_options(dongkhoi_flags INTERFACE -pie -Wl,-z,relro,-z,now)
endif()

# module(NAME SOURCES ... USES ...) - one library of common/ and what it may use.
function(module name)
    cmake_parse_arguments(arg "" "" "SOURCES;USES" ${ARGN})
    add_library(${name} STATIC ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE dongkhoi_flags PUBLIC ${arg_USES})
endfunction()
