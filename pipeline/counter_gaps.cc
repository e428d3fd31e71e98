#include "pipeline/counter_gaps.h"

#include <charconv>
#include <optional>

namespace weir {

namespace {

// Leading zeros are common ("000073"). More than 32 bits is no counter.
std::optional<std::uint32_t> read_counter(std::string_view text) {
    std::uint32_t value = 0;
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data(), end, value);
    if (text.empty() || parsed.ec != std::errc{} || parsed.ptr != end) {
        return std::nullopt;
    }
    return value;
}

}  // namespace

void CounterTrack::begin(std::uint32_t value) {
    newest_ = previous_ = value;
    seen_ = 1;
    repeats_ = 0;
}

CounterVerdict CounterTrack::observe(const Record& record) {
    // After that many records without it, the device was told to stop writing the counter.
    constexpr std::uint8_t absences_max = 32;

    const auto message = read_counter(record.extra(ExtraKey::msg_counter));
    if (message) {
        absences_ = 0;
        if (kind_ != Kind::message) {
            kind_ = Kind::message;
            begin(*message);
            return {CounterStep::first};
        }
        return step_to(*message);
    }
    const auto sequence = read_counter(record.extra(ExtraKey::sequence));
    if (!sequence) {
        return {};
    }
    if (kind_ == Kind::message && ++absences_ < absences_max) {
        return {};
    }
    if (kind_ != Kind::sequence) {
        kind_ = Kind::sequence;
        begin(*sequence);
        return {CounterStep::first};
    }
    return step_to(*sequence);
}

CounterVerdict CounterTrack::step_to(std::uint32_t value) {
    // Differences wrap as the counter does.
    const std::uint32_t ahead = value - newest_;
    const std::uint32_t behind = newest_ - value;
    const bool counts_up = value == previous_ + 1;
    previous_ = value;
    if (ahead >= 1 && ahead <= gap_max) {
        seen_ = ahead >= window ? 1 : seen_ << ahead | 1U;
        newest_ = value;
        repeats_ = 0;
        return ahead == 1 ? CounterVerdict{CounterStep::in_order}
                          : CounterVerdict{CounterStep::gap, ahead - 1};
    }
    if (behind >= window) {
        begin(value);
        return {CounterStep::restart};
    }
    const std::uint64_t bit = std::uint64_t{1} << behind;
    if ((seen_ & bit) == 0) {
        seen_ |= bit;
        repeats_ = 0;
        return {CounterStep::late};
    }
    // A device that restarts soon after its first message counts over numbers that came before:
    // three duplicates in sequence are a restart, which reordering in the network is not.
    repeats_ = counts_up ? static_cast<std::uint8_t>(repeats_ + 1) : std::uint8_t{0};
    if (repeats_ >= 3) {
        begin(value);
        return {CounterStep::restart};
    }
    return {CounterStep::duplicate};
}

}  // namespace weir
