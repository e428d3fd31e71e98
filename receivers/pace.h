// Pace: when a socket that is busy is read next, instead of whenever something arrives.
#pragma once

#include "core/time.h"

#include <cstddef>
#include <cstdint>

namespace weir {

// Value. Of one socket; one thread. Times are monotonic.
class Pace {
  public:
    // The socket is read at intervals from now on.
    void begin(std::int64_t now_ns) { read_at_ns_ = now_ns; }

    // How long to wait behind the reading that was done now and brought `brought` since the one
    // before; at most `asked_ns` (above 0), and less if more than `room` would come meanwhile.
    // 0: read on at once. Waits of the same length end together, so that one wake serves every
    // socket of the thread.
    [[nodiscard]] std::int64_t next_wait_ns(std::int64_t now_ns, std::int64_t asked_ns,
                                            std::size_t brought, std::size_t room);

  private:
    std::int64_t read_at_ns_ = 0;
};

}  // namespace weir
