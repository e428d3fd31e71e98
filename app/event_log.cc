#include "app/event_log.h"

#include "app/line_writer.h"
#include "parsers/utf8.h"

#include <fmt/format.h>

namespace weir {

namespace {

constexpr std::uint32_t lines_per_window = 20;
constexpr std::int64_t window_ns = 10 * ns_per_s;

std::string_view level_of(EventId id) {
    switch (id) {
        case EventId::started:
        case EventId::stopping:
        case EventId::stopped:
        case EventId::listener_opened:
        case EventId::config_reloaded:
        case EventId::tls_reloaded:
        case EventId::memory_budget:
        case EventId::admin_token_reloaded:
        case EventId::spool_recovered:
        case EventId::endpoint_changed:
        case EventId::dead_letters_recovered:
        case EventId::canary_verified:
            return "info";
        case EventId::listener_failed:
        case EventId::config_rejected:
        case EventId::drain_incomplete:
        case EventId::log_full:
        case EventId::queue_full:
        case EventId::certificate_expired:
        case EventId::spool_failed:
        case EventId::spool_full:
        case EventId::spool_damaged:
        case EventId::dead_letters_failed:
        case EventId::dead_letters_full:
        case EventId::dead_letters_set_aside:
        case EventId::canary_missing:
            return "error";
        default:
            return "warning";
    }
}

// The last words, which a full queue must not cost.
bool is_essential(EventId id) {
    return id == EventId::stopping || id == EventId::stopped || id == EventId::drain_incomplete;
}

// The code point at the start of well-formed UTF-8 that begins with a lead byte of `size` bytes.
char32_t code_point(std::string_view sequence) {
    char32_t value = static_cast<unsigned char>(sequence[0]) & (0xffU >> (sequence.size() + 1));
    for (const char c : sequence.substr(1)) {
        value = (value << 6U) | (static_cast<unsigned char>(c) & 0x3fU);
    }
    return value;
}

bool is_harmful(char32_t c) {
    return c < 0xa0 || c == 0x61c || c == 0x200e || c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
           (c >= 0x2066 && c <= 0x2069);
}

std::size_t sequence_size(unsigned char lead) {
    return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size();) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x80) {
            if (byte == '\\') {
                out += "\\\\";
            } else if (byte < 0x20 || byte == 0x7f) {
                out += fmt::format("\\x{:02x}", byte);
            } else {
                out += text[i];
            }
            ++i;
            continue;
        }
        const std::string_view sequence = text.substr(i, sequence_size(byte));
        if (!is_valid_utf8(sequence)) {
            out += fmt::format("\\x{:02x}", byte);
            ++i;
            continue;
        }
        const char32_t point = code_point(sequence);
        if (is_harmful(point)) {
            out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point));
        } else {
            out += sequence;
        }
        i += sequence.size();
    }
    return out;
}

EventLog::EventLog(const Clock& clock) : EventLog(clock, Options{}) {}

EventLog::EventLog(const Clock& clock, Options options)
    : clock_(clock),
      flush_timeout_(options.flush_timeout),
      writer_(LineWriter::start(options.fd, options.queue_bytes_max)) {}

EventLog::~EventLog() {
    flush();
    writer_->stop();
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
    writer_->add(fmt::format("{} {} {} {}{}{}{}", to_rfc3339(clock_.now(), 3), level_of(event.id),
                             event_name(event.id), printable(event.subject),
                             event.subject.empty() ? "" : ": ", printable(event.detail), more),
                 is_essential(event.id));
}

void EventLog::flush() {
    writer_->flush(flush_timeout_);
}

std::map<std::string, std::uint64_t> EventLog::counts() const {
    std::map<std::string, std::uint64_t> result;
    for (std::size_t i = 0; i < event_count; ++i) {
        result[std::string(event_name(static_cast<EventId>(i)))] =
            counts_[i].load(std::memory_order_relaxed);
    }
    return result;
}

std::uint64_t EventLog::lines_lost() const {
    return writer_->lines_lost();
}

}  // namespace weir
