# Compiler and linker settings shared by every target of ours.
if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_program(WEIR_CCACHE ccache)
if(WEIR_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${WEIR_CCACHE})
endif()
find_program(WEIR_MOLD mold)
# clang 14's sanitizer and libFuzzer runtimes are linked by the compiler's own default linker.
if(WEIR_MOLD AND NOT WEIR_SANITIZE AND NOT WEIR_FUZZ)
    add_link_options(-fuse-ld=mold)
endif()

set(CMAKE_POSITION_INDEPENDENT_CODE ON)
add_compile_options(-fno-omit-frame-pointer)
if(WEIR_SANITIZE)
    add_compile_options(-fsanitize=${WEIR_SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${WEIR_SANITIZE})
    # clang 14 cannot place the function check's prologue in a coroutine.
    if(WEIR_SANITIZE MATCHES "undefined")
        add_compile_options(-fno-sanitize=function)
    endif()
    # Asio caches coroutine frames and small blocks; caching would hide use after free.
    add_compile_definitions(BOOST_ASIO_DISABLE_AWAITABLE_FRAME_RECYCLING
                            BOOST_ASIO_DISABLE_SMALL_BLOCK_RECYCLING)
endif()
if(WEIR_CRASH_POINTS)
    add_compile_definitions(WEIR_CRASH_POINTS)
endif()
if(WEIR_FUZZ)
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Applies our warnings to one target; third-party headers come in as SYSTEM and stay quiet.
function(weir_own_target target)
    target_include_directories(${target} PUBLIC ${PROJECT_SOURCE_DIR})
    target_compile_definitions(${target} PUBLIC WEIR_VERSION="${PROJECT_VERSION}")
    target_compile_options(${target} PRIVATE -Wall -Wextra -Wshadow -Wconversion -Wsign-conversion
                           -Wold-style-cast -Wno-missing-field-initializers)
    if(WEIR_WERROR)
        target_compile_options(${target} PRIVATE -Werror)
    endif()
endfunction()
