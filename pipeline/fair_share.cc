#include "pipeline/fair_share.h"

#include <algorithm>

namespace weir {

namespace {

constexpr std::int64_t window_ns = ns_per_s;

// The receive queue presses when it is half full. A datagram of 200 bytes takes about 1 KiB of it,
// so half of the default buffer is some ten milliseconds of the fastest flood.
constexpr unsigned backlog_high_percent = 50;
constexpr std::int64_t press_interval_ns = 10 * ns_per_ms;
constexpr std::int64_t relax_after_ns = 50 * ns_per_ms;
constexpr std::int64_t measured_ns_min = 250 * ns_per_ms;
constexpr std::uint32_t level_floor = 2048;  // a few messages a second are nobody's flood

constexpr unsigned log_watched_percent = 25;  // below, every batch has room
constexpr unsigned light_high_percent = 75;
constexpr unsigned light_low_percent = 50;

std::uint32_t lower(std::uint32_t level) {
    return level - level / 4;
}

std::uint32_t raise(std::uint32_t level) {
    return level > FairShare::unlimited / 2 ? FairShare::unlimited : level + level / 16 + 1;
}

void add_cost(ShareUse& use, std::uint32_t cost) {
    use.cost += std::min(cost, FairShare::unlimited - use.cost);
}

// What the source sends a second, as far as is known.
std::uint32_t rate_of(const ShareUse& use) {
    return std::max(use.cost, use.last_cost);
}

// Lets `level` in every `rate` pass, evenly.
bool passes(ShareUse& use, std::uint32_t level, std::uint32_t rate) {
    constexpr std::uint32_t whole = 1U << 16U;
    use.credit += static_cast<std::uint32_t>((std::uint64_t{level} << 16U) / rate);
    if (use.credit < whole) {
        return false;
    }
    use.credit -= whole;
    return true;
}

}  // namespace

void FairShare::set_now(std::int64_t now_ns) {
    now_ns_ = now_ns;
    if (now_ns < window_ends_ns_) [[likely]] {
        return;
    }
    // After a pause of more than a window nothing was offered in the last one.
    const bool adjoining = now_ns - window_ends_ns_ < window_ns;
    capacity_ -= capacity_ / 8;  // an old estimate fades
    last_ = adjoining ? current_ : Window{};
    window_ += adjoining ? 1 : 2;
    current_ = {};
    window_ends_ns_ = now_ns + window_ns;
}

void FairShare::enter_window(ShareUse& use) const {
    use.last_cost = use.window + 1 == window_ ? use.cost : 0;
    use.cost = 0;
    use.messages = 0;
    use.window = window_;
}

bool FairShare::offer(ShareUse& source, std::size_t bytes, bool established) {
    const auto cost = static_cast<std::uint32_t>(bytes) + message_cost;
    if (source.window != window_) {
        enter_window(source);
        ++(established ? current_.established : current_.newcomers);
    }
    add_cost(source, cost);
    ++source.messages;
    current_.heaviest = std::max(current_.heaviest, source.cost);
    if (!established) {
        if (newcomers_.window != window_) {
            enter_window(newcomers_);
        }
        add_cost(newcomers_, cost);
    }
    if (shed_level_ != unlimited && !passes_shedding(source, established)) [[unlikely]] {
        return false;
    }
    current_.taken_cost += cost;
    return true;
}

bool FairShare::passes_shedding(ShareUse& source, bool established) {
    const std::uint32_t rate = rate_of(source);
    if (rate > shed_level_ && !passes(source, shed_level_, rate)) {
        return false;
    }
    if (established || current_.established + last_.established == 0) {
        return true;
    }
    const auto half = static_cast<std::uint32_t>(
        std::clamp<std::uint64_t>(capacity_ / 2, level_floor, unlimited - 1));
    const std::uint32_t newcomers = rate_of(newcomers_);
    return newcomers <= half || passes(newcomers_, half, newcomers);
}

// What each source gets if `total` is split evenly among those that sent lately. Newcomers, who may
// be forged, never make up more than half of them.
std::uint32_t FairShare::fair_share(std::uint64_t total) const {
    const std::uint32_t established = std::max(last_.established, current_.established);
    const std::uint32_t newcomers = std::max(last_.newcomers, current_.newcomers);
    const std::uint64_t sources = std::uint64_t{established} +
                                  (established == 0 ? newcomers : std::min(newcomers, established));
    return static_cast<std::uint32_t>(std::clamp<std::uint64_t>(
        total / std::max<std::uint64_t>(sources, 1), level_floor, unlimited - 1));
}

// The level falls while the receive queue is over half full and does not shrink.
void FairShare::note_backlog(unsigned percent) {
    if (percent < backlog_high_percent || now_ns_ - pressed_at_ns_ < press_interval_ns) {
        return;
    }
    // After a stall the queue is full of what everybody sent meanwhile, and there is nothing yet to
    // tell who is heavy by.
    const std::int64_t seen_ns = now_ns_ - (window_ends_ns_ - window_ns);
    if (last_.taken_cost == 0 && seen_ns < measured_ns_min) {
        return;
    }
    const bool fresh = now_ns_ - pressed_at_ns_ > relax_after_ns;
    const bool shrinking = !fresh && percent < pressed_percent_;
    pressed_at_ns_ = now_ns_;
    pressed_percent_ = percent;
    capacity_ = std::max({capacity_, last_.taken_cost, current_.taken_cost});
    if (shed_level_ == unlimited) {
        shed_level_ = std::max(last_.heaviest, current_.heaviest);
    } else if (!shrinking) {
        shed_level_ = lower(shed_level_);
    }
    // Equal sources are never all at their mean. Who is only a little over it is not what presses.
    const std::uint32_t share = fair_share(capacity_);
    shed_level_ = std::max(shed_level_, share + share / 2);
}

void FairShare::relax_shedding() {
    if (shed_level_ == unlimited || now_ns_ - pressed_at_ns_ < relax_after_ns) {
        return;
    }
    shed_level_ = raise(shed_level_);
    if (shed_level_ > std::max(last_.heaviest, current_.heaviest)) {
        shed_level_ = unlimited;
        capacity_ = 0;
    }
}

void FairShare::note_log(LogFill fill) {
    relax_shedding();
    if (fill.percent < log_watched_percent) {
        heavy_level_ = unlimited;
        return;
    }
    if (now_ns_ < next_heavy_step_ns_) {
        return;
    }
    next_heavy_step_ns_ = now_ns_ + window_ns;
    const std::uint32_t mean = fair_share(std::max(last_.taken_cost, current_.taken_cost));
    heavy_level_ = std::min(heavy_level_, mean);
    if (fill.light_percent > light_high_percent) {
        heavy_level_ = lower(heavy_level_);
    } else if (fill.light_percent < light_low_percent) {
        heavy_level_ = std::min(raise(heavy_level_), mean);
    }
}

bool FairShare::is_heavy(const ShareUse& source, bool established) const {
    if (heavy_level_ == unlimited) [[likely]] {
        return false;
    }
    if (rate_of(source) > heavy_level_) {
        return true;
    }
    const bool others = current_.established + last_.established > 0;
    return !established && others && std::max(newcomers_.cost, newcomers_.last_cost) > heavy_level_;
}

}  // namespace weir
