// FairShare: who loses first when one ingest thread, or the queue behind it, cannot hold
// everything. Sources are measured in windows of one second; the heaviest lose first, and a source
// under its fair share loses nothing. ARCHITECTURE.md (Fairness) states the algorithm.
#pragma once

#include "core/time.h"

#include <cstdint>
#include <limits>

namespace weir {

// Value. What one source offered, in cost units; kept with the source's state.
struct ShareUse {
    std::uint32_t window = 0;
    std::uint32_t cost = 0;       // in the window
    std::uint32_t messages = 0;   // in the window
    std::uint32_t credit = 0;     // towards the next message that passes while others are shed
    std::uint32_t last_cost = 0;  // in the window before
};

// Value. How full what lies behind the intake is, in percent of the fullest endpoint queue.
struct LogFill {
    unsigned percent = 0;
    unsigned light_percent = 0;  // of it, what light batches hold
};

// Resource. One thread. No allocation, no lock; a handful of additions for each message.
class FairShare {
  public:
    // A message costs its bytes and this much for being one.
    static constexpr std::uint32_t message_cost = 128;

    // Begins a new window when the second is over. Before a run of messages; `now_ns` is monotonic.
    void set_now(std::int64_t now_ns);

    // Counts a message of `source`. False: under pressure, and the source is over its share; the
    // message should be shed. `established` sources have been here for a while; all others together
    // get no more than half, so that a flood of forged addresses is one heavy source.
    [[nodiscard]] bool offer(ShareUse& source, std::size_t bytes, bool established);

    // Whether the source's records belong in the batches that are given up first. False while the
    // queue is far from full.
    [[nodiscard]] bool is_heavy(const ShareUse& source, bool established) const;

    // What the listener sees of its socket: the receive queue is `percent` full after a drain that
    // did not run dry.
    void note_backlog(unsigned percent);
    // Called every tick with how full the log is.
    void note_log(LogFill fill);

    // The cost a second above which a source is shed down to it; `unlimited` without pressure.
    [[nodiscard]] std::uint32_t shed_level() const { return shed_level_; }

    static constexpr std::uint32_t unlimited = std::numeric_limits<std::uint32_t>::max();

  private:
    // Sums over all sources of one window.
    struct Window {
        std::uint64_t taken_cost = 0;
        std::uint32_t heaviest = 0;
        std::uint32_t established = 0;  // active sources
        std::uint32_t newcomers = 0;
    };

    [[nodiscard]] std::uint32_t fair_share(std::uint64_t total) const;
    void enter_window(ShareUse& use) const;
    [[nodiscard]] bool passes_shedding(ShareUse& source, bool established);
    void relax_shedding();

    std::int64_t now_ns_ = 0;
    std::int64_t window_ends_ns_ = 0;
    std::uint32_t window_ = 2;  // so that a ShareUse of zeros is in no window and not in the last
    Window current_;
    Window last_;
    ShareUse newcomers_;
    std::uint32_t shed_level_ = unlimited;
    std::int64_t pressed_at_ns_ = 0;
    unsigned pressed_percent_ = 0;
    std::uint64_t capacity_ = 0;  // what was taken in a window under pressure, at best
    std::uint32_t heavy_level_ = unlimited;
    std::int64_t next_heavy_step_ns_ = 0;
};

}  // namespace weir
