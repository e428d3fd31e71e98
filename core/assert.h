// WEIR_ASSERT: for our own bugs only. Always compiled in; prints the condition and aborts.
#pragma once

#include <cstdio>
#include <cstdlib>

#define WEIR_ASSERT(condition)                                                                \
    do {                                                                                      \
        if (!(condition)) [[unlikely]] {                                                      \
            std::fprintf(stderr, "weir: bug: %s at %s:%d\n", #condition, __FILE__, __LINE__); \
            std::abort();                                                                     \
        }                                                                                     \
    } while (false)
