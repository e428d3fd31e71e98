// Named places at which a test has the process killed, to prove that nothing is lost there. They
// exist only in builds with WEIR_CRASH_POINTS; in what ships they compile to nothing.
#pragma once

#include "core/result.h"

#include <cstdint>
#include <string_view>

namespace weir {

// In the order in which a batch passes them.
enum class CrashPoint : std::uint8_t {
    append,                 // a batch is in memory, and not on disk
    segment_opened,         // a new segment file has no table yet
    segment_created,        // a new segment file has no batch yet
    commit_before,          // batches are about to be on disk
    commit_after,           // they are
    send,                   // a request is about to go to Loki
    acknowledged,           // its answer was read, and nothing concluded from it
    settled,                // a batch has ended in memory, and not on disk
    meta_before,            // what has ended is about to be on disk
    meta_after,             // it is
    segment_unlink_before,  // a segment is not needed any more, and its files are there
    segment_unlink_main,    // its file is gone; its -wal and -shm, if there are any, are not
    segment_unlink_after,   // all of its files are gone
    end,                    // none; how many there are
};

#ifdef WEIR_CRASH_POINTS

// Kills the process if this is the hit that was asked for. Says so on standard error first, with
// the monotonic time. Any thread.
void crash_point(CrashPoint point);

// `at`: "<name of the point>:<n>", for the n-th time from now on that it is passed. Before there is
// any other thread. Fails if there is no such point.
[[nodiscard]] Result<void> arm_crash_point(std::string_view at);

#else

inline void crash_point(CrashPoint /*point*/) {}

#endif

}  // namespace weir
