#include "pipeline/device_time.h"

#include <algorithm>
#include <cstdlib>

namespace weir {

namespace {

constexpr std::int64_t quarter_s = 900;
// What 64-bit nanoseconds since 1970 can hold in whole years.
constexpr int year_min = 1678;
constexpr int year_max = 2261;

struct ZoneName {
    std::string_view name;
    int minutes;
};

// Sorted. Left out because they mean several zones: ADT, AMT, AST, BST, CDT, CST, ECT, GST, IST,
// SST and WST; UTC, GMT and Z never come here.
constexpr std::array<ZoneName, 43> zone_names = {{
    {"ACDT", 630},  {"ACST", 570}, {"AEDT", 660}, {"AEST", 600}, {"AKDT", -480}, {"AKST", -540},
    {"AWST", 480},  {"BRT", -180}, {"CAT", 120},  {"CEST", 120}, {"CET", 60},    {"CHST", 600},
    {"CLST", -180}, {"CLT", -240}, {"COT", -300}, {"EAT", 180},  {"EDT", -240},  {"EEST", 180},
    {"EET", 120},   {"EST", -300}, {"HKT", 480},  {"HST", -600}, {"ICT", 420},   {"JST", 540},
    {"KST", 540},   {"MDT", -360}, {"MEST", 120}, {"MESZ", 120}, {"MET", 60},    {"MEZ", 60},
    {"MSK", 180},   {"MST", -420}, {"NDT", -150}, {"NST", -210}, {"NZDT", 780},  {"NZST", 720},
    {"PDT", -420},  {"PKT", 300},  {"PST", -480}, {"SAST", 120}, {"SGT", 480},   {"WEST", 60},
    {"WET", 0},
}};
static_assert(std::is_sorted(zone_names.begin(), zone_names.end(),
                             [](const ZoneName& a, const ZoneName& b) { return a.name < b.name; }));

// The date and time read as if they were UTC.
std::int64_t naive_seconds(const DeviceTime& device, int year) {
    return unix_seconds({.year = year,
                         .month = device.month,
                         .day = device.day,
                         .hour = device.hour,
                         .minute = device.minute,
                         .second = device.second});
}

std::int64_t floor_seconds(Timestamp time) {
    return time.unix_ns / ns_per_s - (time.unix_ns % ns_per_s < 0 ? 1 : 0);
}

struct Offset {
    std::int32_t seconds = 0;
    ZoneSource source = ZoneSource::assumed_utc;
};

// The rule's zone has the first word on a name, because it settles the ones that mean several.
std::optional<Offset> named_offset(std::string_view name, std::int64_t near_s, const Zone* rule) {
    std::optional<std::int32_t> seconds;
    if (!name.empty() && rule != nullptr) {
        seconds = rule->offset_of(name, near_s);
    }
    if (!seconds) {
        seconds = offset_of_zone_name(name);
    }
    if (!seconds) {
        return std::nullopt;
    }
    return Offset{*seconds, ZoneSource::name};
}

// The offset to read `naive_s` with. `near_s` settles an hour that happens twice.
Offset offset_for(const DeviceTime& device, std::int64_t naive_s, std::int64_t near_s,
                  const ZoneRef& zone) {
    if (device.has_offset) {
        return {device.offset_minutes * 60, ZoneSource::wire};
    }
    if (const auto named = named_offset(device.zone_name, naive_s, zone.rule)) {
        return *named;
    }
    if (zone.rule != nullptr) {
        return {static_cast<std::int32_t>(naive_s - zone.rule->to_utc(naive_s, near_s)),
                ZoneSource::rule};
    }
    if (zone.learned_s) {
        return {*zone.learned_s, ZoneSource::learned};
    }
    return {};
}

// Appends into a DeviceTimeText; every caller's sum of widths fits by construction.
struct TextWriter {
    DeviceTimeText& text;
    std::size_t size = 0;

    void put(char c) { text[size++] = c; }

    void put_number(std::uint32_t value, std::size_t width) {
        for (std::size_t i = width; i > 0; --i) {
            text[size + i - 1] = static_cast<char>('0' + value % 10);
            value /= 10;
        }
        size += width;
    }
};

void put_offset(TextWriter& out, std::int32_t offset_s) {
    const auto minutes = static_cast<std::uint32_t>(std::abs(offset_s) / 60);
    out.put(offset_s < 0 ? '-' : '+');
    out.put_number(minutes / 60, 2);
    out.put(':');
    out.put_number(minutes % 60, 2);
}

}  // namespace

std::string_view zone_source_name(ZoneSource source) {
    switch (source) {
        case ZoneSource::wire:
            return "wire";
        case ZoneSource::name:
            return "name";
        case ZoneSource::rule:
            return "rule";
        case ZoneSource::learned:
            return "learned";
        case ZoneSource::assumed_utc:
            return "assumed_utc";
    }
    return "";
}

std::optional<std::int32_t> offset_of_zone_name(std::string_view name) {
    const auto found = std::lower_bound(
        zone_names.begin(), zone_names.end(), name,
        [](const ZoneName& known, std::string_view key) { return known.name < key; });
    if (found == zone_names.end() || found->name != name) {
        return std::nullopt;
    }
    return found->minutes * 60;
}

int nearest_year(const DeviceTime& device, Timestamp received_at, std::int32_t offset_s) {
    const std::int64_t received_s = floor_seconds(received_at);
    const int now = civil_from_unix_seconds(received_s + offset_s).year;
    // Within half a year of the receive time no other year can be nearer.
    constexpr std::int64_t half_year_s = 182LL * 86'400;
    if (device.day <= days_in_month(now, device.month) &&
        std::abs(naive_seconds(device, now) - offset_s - received_s) < half_year_s) {
        return now;
    }
    // Leap years lie at most eight years apart (1896 and 1904).
    const int reach = device.month == 2 && device.day == 29 ? 8 : 1;
    int best = now;
    std::int64_t best_distance = INT64_MAX;
    for (int year = now - reach; year <= now + reach; ++year) {
        if (device.day > days_in_month(year, device.month)) {
            continue;
        }
        const std::int64_t distance = std::abs(naive_seconds(device, year) - offset_s - received_s);
        if (distance < best_distance) {
            best = year;
            best_distance = distance;
        }
    }
    return best;
}

ResolvedTime resolve_device_time(const DeviceTime& device, Timestamp received_at,
                                 const ZoneRef& zone) {
    ResolvedTime resolved;
    if (!device.present) {
        return resolved;
    }
    const std::int64_t received_s = floor_seconds(received_at);
    resolved.year = device.year;
    if (device.year < 0) {
        // The offset at the time of arrival is right for choosing among years.
        const Offset around = offset_for(
            device, received_s + (zone.rule != nullptr ? zone.rule->offset_at(received_s) : 0),
            received_s, zone);
        resolved.year = nearest_year(device, received_at, around.seconds);
        resolved.year_guessed = true;
    }
    if (resolved.year < year_min || resolved.year > year_max) {
        return resolved;
    }
    const std::int64_t naive_s = naive_seconds(device, resolved.year);
    const Offset offset = offset_for(device, naive_s, received_s, zone);
    resolved.offset_s = offset.seconds;
    resolved.zone_source = offset.source;
    resolved.time = Timestamp{(naive_s - offset.seconds) * ns_per_s + device.nanos};
    return resolved;
}

void SkewEstimator::observe(const DeviceTime& device, Timestamp received_at) {
    constexpr std::int64_t tolerance_s = 120;
    constexpr std::int64_t quarters_max = 60;  // zones reach from -12:00 to +14:00; 15 hours
    constexpr std::uint8_t agreeing_min = 16;
    constexpr std::uint64_t span_min_ns = 60 * ns_per_s;

    if (!device.present || device.has_offset || device.clock_mark != '\0') {
        return;
    }
    const int year = device.year >= 0 ? device.year : nearest_year(device, received_at);
    const std::int64_t distance_s = naive_seconds(device, year) - floor_seconds(received_at);
    const std::int64_t half = distance_s < 0 ? -quarter_s / 2 : quarter_s / 2;
    const std::int64_t quarters = (distance_s + half) / quarter_s;
    const bool wrong = std::abs(quarters) > quarters_max ||
                       std::abs(distance_s - quarters * quarter_s) > tolerance_s;
    const std::int8_t named = wrong ? unknown : static_cast<std::int8_t>(quarters);
    if (named != candidate_ || received_at.unix_ns < candidate_since_ns_) {
        candidate_ = named;
        candidate_since_ns_ = received_at.unix_ns;
        agreeing_ = 0;
    }
    if (agreeing_ < agreeing_min) {
        ++agreeing_;
    }
    // Not negative, and unsigned because any two receive times may be farther apart than int64.
    const std::uint64_t span_ns = static_cast<std::uint64_t>(received_at.unix_ns) -
                                  static_cast<std::uint64_t>(candidate_since_ns_);
    if (agreeing_ == agreeing_min && span_ns >= span_min_ns) {
        learned_ = candidate_;
    }
}

std::optional<std::int32_t> SkewEstimator::offset_s() const {
    if (learned_ == unknown) {
        return std::nullopt;
    }
    return static_cast<std::int32_t>(learned_ * quarter_s);
}

std::string_view format_device_time(const DeviceTime& device, const ResolvedTime& resolved,
                                    DeviceTimeText& text) {
    if (!device.present) {
        return {};
    }
    const bool known = resolved.time && resolved.zone_source != ZoneSource::assumed_utc;
    TextWriter out{text};
    const int year = device.year < 0 && resolved.time ? resolved.year : device.year;
    if (year < 0) {
        out.put('-');
    } else {
        out.put_number(static_cast<std::uint32_t>(year) % 10'000, 4);
    }
    out.put('-');
    out.put_number(static_cast<std::uint8_t>(device.month), 2);
    out.put('-');
    out.put_number(static_cast<std::uint8_t>(device.day), 2);
    out.put('T');
    out.put_number(static_cast<std::uint8_t>(device.hour), 2);
    out.put(':');
    out.put_number(static_cast<std::uint8_t>(device.minute), 2);
    out.put(':');
    out.put_number(static_cast<std::uint8_t>(device.second), 2);
    if (device.fraction_digits > 0) {
        const auto digits = static_cast<std::size_t>(std::min<int>(device.fraction_digits, 9));
        out.put('.');
        out.put_number(device.nanos, 9);
        out.size -= 9 - digits;
    }
    if (known && device.zulu) {
        out.put('Z');
    } else if (known || device.has_offset) {
        put_offset(out, known ? resolved.offset_s : device.offset_minutes * 60);
    }
    return {text.data(), out.size};
}

}  // namespace weir
