#include "app/event_log.h"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <string_view>

namespace weir {

namespace {

constexpr std::uint32_t lines_per_window = 20;
constexpr std::int64_t window_ns = 10 * ns_per_s;

spdlog::level::level_enum level_of(EventId id) {
    switch (id) {
        case EventId::started:
        case EventId::stopping:
        case EventId::stopped:
        case EventId::listener_opened:
        case EventId::config_reloaded:
        case EventId::tls_reloaded:
        case EventId::memory_budget:
        case EventId::admin_token_reloaded:
            return spdlog::level::info;
        case EventId::listener_failed:
        case EventId::config_rejected:
        case EventId::drain_incomplete:
        case EventId::log_full:
        case EventId::queue_full:
            return spdlog::level::err;
        default:
            return spdlog::level::warn;
    }
}

// Peers choose some of this text (certificate subjects, server answers): one event stays one line.
std::string printable(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '\\') {
            out += "\\\\";
        } else if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

spdlog::logger& logger() {
    static const std::shared_ptr<spdlog::logger> instance = [] {
        auto made = spdlog::stderr_logger_mt("weir");
        made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %l %v", spdlog::pattern_time_type::utc);
        made->flush_on(spdlog::level::info);
        return made;
    }();
    return *instance;
}

}  // namespace

EventLog::EventLog(const Clock& clock) : clock_(clock) {
    logger();
}

void EventLog::emit(const Event& event) {
    const auto index = static_cast<std::size_t>(event.id);
    counts_[index].fetch_add(1, std::memory_order_relaxed);
    const std::int64_t now_ns = clock_.monotonic_ns();
    std::uint64_t left_out = 0;
    {
        const std::lock_guard lock(mutex_);
        Window& window = windows_[index];
        if (now_ns - window.started_ns >= window_ns || window.started_ns == 0) {
            left_out = window.left_out;
            window = {.started_ns = now_ns};
        }
        if (window.lines >= lines_per_window) {
            ++window.left_out;
            return;
        }
        ++window.lines;
    }
    const std::string more =
        left_out > 0 ? fmt::format(" ({} more of this event were left out)", left_out) : "";
    logger().log(level_of(event.id), "{} {}{}{}{}", event_name(event.id), printable(event.subject),
                 event.subject.empty() ? "" : ": ", printable(event.detail), more);
}

std::map<std::string, std::uint64_t> EventLog::counts() const {
    std::map<std::string, std::uint64_t> result;
    for (std::size_t i = 0; i < event_count; ++i) {
        result[std::string(event_name(static_cast<EventId>(i)))] =
            counts_[i].load(std::memory_order_relaxed);
    }
    return result;
}

}  // namespace weir
