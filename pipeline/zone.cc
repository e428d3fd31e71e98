#include "pipeline/zone.h"

#include "core/time.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

namespace weir {

namespace {

// Reads big-endian numbers off the front of a view; says so when it runs dry.
class Reader {
  public:
    explicit Reader(std::string_view bytes) : rest_(bytes) {}

    [[nodiscard]] std::size_t left() const { return rest_.size(); }

    [[nodiscard]] std::string_view take(std::size_t count) {
        const std::string_view taken = rest_.substr(0, count);
        dry_ = dry_ || taken.size() < count;
        rest_.remove_prefix(taken.size());
        return taken;
    }

    [[nodiscard]] std::uint64_t take_number(std::size_t width) {
        std::uint64_t value = 0;
        for (const char byte : take(width)) {
            value = value << 8U | static_cast<unsigned char>(byte);
        }
        return value;
    }

    [[nodiscard]] bool dry() const { return dry_; }

    [[nodiscard]] std::string_view rest() const { return rest_; }

  private:
    std::string_view rest_;
    bool dry_ = false;
};

// RFC 8536 section 3.1.
struct Header {
    std::uint8_t version = 1;
    std::uint64_t utc_flags = 0;
    std::uint64_t standard_flags = 0;
    std::uint64_t leaps = 0;
    std::uint64_t transitions = 0;
    std::uint64_t types = 0;
    std::uint64_t name_bytes = 0;

    // Length of the data block that follows, with times of `time_bytes`.
    [[nodiscard]] std::uint64_t data_bytes(std::uint64_t time_bytes) const {
        return transitions * (time_bytes + 1) + types * 6 + name_bytes + leaps * (time_bytes + 4) +
               standard_flags + utc_flags;
    }
};

// Counts are 32 bits each, so that no sum of data_bytes can overflow.
std::optional<Header> read_header(Reader& reader) {
    if (reader.take(4) != "TZif") {
        return std::nullopt;
    }
    Header header;
    const std::uint64_t version = reader.take_number(1);
    header.version = version == 0 ? 1 : static_cast<std::uint8_t>(version - '0');
    (void)reader.take(15);
    header.utc_flags = reader.take_number(4);
    header.standard_flags = reader.take_number(4);
    header.leaps = reader.take_number(4);
    header.transitions = reader.take_number(4);
    header.types = reader.take_number(4);
    header.name_bytes = reader.take_number(4);
    if (reader.dry() || header.types == 0 || header.types > zone_types_max ||
        header.transitions > zone_transitions_max) {
        return std::nullopt;
    }
    return header;
}

struct Data {
    std::vector<std::int64_t> transitions;
    std::vector<std::uint8_t> type_of;
    std::vector<ZoneType> types;
};

std::int64_t signed_time(std::uint64_t value, std::size_t width) {
    return width == 4 ? static_cast<std::int32_t>(static_cast<std::uint32_t>(value))
                      : static_cast<std::int64_t>(value);
}

bool read_types(Reader& reader, const Header& header, std::vector<ZoneType>& types) {
    std::vector<std::uint64_t> name_at;
    for (std::uint64_t i = 0; i < header.types; ++i) {
        ZoneType type;
        type.offset_s =
            static_cast<std::int32_t>(static_cast<std::uint32_t>(reader.take_number(4)));
        type.daylight = reader.take_number(1) != 0;
        name_at.push_back(reader.take_number(1));
        if (type.offset_s <= -86400 * 2 || type.offset_s >= 86400 * 2) {
            return false;
        }
        types.push_back(std::move(type));
    }
    const std::string_view names = reader.take(header.name_bytes);
    for (std::size_t i = 0; i < types.size(); ++i) {
        if (name_at[i] >= names.size()) {
            return false;
        }
        const std::string_view from = names.substr(name_at[i]);
        types[i].abbreviation = from.substr(0, std::min(from.find('\0'), std::size_t{16}));
    }
    return true;
}

std::optional<Data> read_data(Reader& reader, const Header& header, std::size_t time_bytes) {
    if (reader.left() < header.data_bytes(time_bytes)) {
        return std::nullopt;
    }
    Data data;
    for (std::uint64_t i = 0; i < header.transitions; ++i) {
        const std::int64_t at = signed_time(reader.take_number(time_bytes), time_bytes);
        if (!data.transitions.empty() && at <= data.transitions.back()) {
            return std::nullopt;
        }
        data.transitions.push_back(at);
    }
    for (std::uint64_t i = 0; i < header.transitions; ++i) {
        const std::uint64_t type = reader.take_number(1);
        if (type >= header.types) {
            return std::nullopt;
        }
        data.type_of.push_back(static_cast<std::uint8_t>(type));
    }
    if (!read_types(reader, header, data.types)) {
        return std::nullopt;
    }
    // Leap seconds do not apply: devices and Loki count POSIX seconds.
    (void)reader.take(header.leaps * (time_bytes + 4) + header.standard_flags + header.utc_flags);
    return data;
}

std::optional<std::int32_t> read_fixed_offset(std::string_view text) {
    if (text == "Z" || text == "UTC" || text == "GMT") {
        return 0;
    }
    std::string digits;
    for (std::size_t i = 1; i < text.size(); ++i) {
        if (text[i] >= '0' && text[i] <= '9') {
            digits += text[i];
        } else if (text[i] != ':' || i != 3) {
            return std::nullopt;
        }
    }
    if (text.empty() || (text[0] != '+' && text[0] != '-') || digits.size() != 4) {
        return std::nullopt;
    }
    const int hours = (digits[0] - '0') * 10 + digits[1] - '0';
    const int minutes = (digits[2] - '0') * 10 + digits[3] - '0';
    if (hours > 18 || minutes > 59) {
        return std::nullopt;
    }
    const std::int32_t offset_s = (hours * 60 + minutes) * 60;
    return text[0] == '-' ? -offset_s : offset_s;
}

bool is_safe_zone_name(std::string_view name) {
    const auto is_part = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '_' || c == '-' || c == '+' || c == '/';
    };
    return !name.empty() && name.size() <= zone_name_bytes_max && name.front() != '/' &&
           name.back() != '/' && std::all_of(name.begin(), name.end(), is_part);
}

}  // namespace

Zone Zone::fixed(std::int32_t offset_s) {
    Zone zone;
    zone.types_.push_back({.offset_s = offset_s});
    return zone;
}

Result<Zone> Zone::from_tzif(std::string_view bytes) {
    if (bytes.size() > zone_file_bytes_max) {
        return fail("the zone file is larger than any zone needs");
    }
    Reader reader(bytes);
    std::optional<Header> header = read_header(reader);
    std::size_t time_bytes = 4;
    if (header && header->version >= 2) {
        // The first block repeats the second with 32-bit times (RFC 8536 section 3).
        (void)reader.take(header->data_bytes(4));
        header = read_header(reader);
        time_bytes = 8;
    }
    std::optional<Data> data;
    if (header) {
        data = read_data(reader, *header, time_bytes);
    }
    if (!data) {
        return fail("the zone file is not valid TZif");
    }
    Zone zone;
    zone.transitions_ = std::move(data->transitions);
    zone.type_of_ = std::move(data->type_of);
    zone.types_ = std::move(data->types);
    const std::string_view footer = reader.rest();
    if (time_bytes == 8 && footer.size() > 2 && footer.front() == '\n') {
        Result<ZoneRule> rule = ZoneRule::parse(footer.substr(1, footer.find('\n', 1) - 1));
        if (!rule) {
            return fail(std::move(rule.error().message));
        }
        zone.rule_ = std::move(*rule);
    }
    return zone;
}

const ZoneType& Zone::type_at(std::int64_t unix_s) const {
    const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), unix_s);
    if (after == transitions_.end() && rule_) {
        return rule_->type_at(unix_s);
    }
    if (after == transitions_.begin()) {
        return types_.front();
    }
    return types_[type_of_[static_cast<std::size_t>(after - transitions_.begin()) - 1]];
}

std::int32_t Zone::offset_at(std::int64_t unix_s) const {
    // Beyond the years that 64-bit nanoseconds reach there is nothing to look up.
    constexpr std::int64_t far = std::int64_t{10'000} * 366 * 86400;
    return type_at(std::clamp(unix_s, -far, far)).offset_s;
}

std::int64_t Zone::to_utc(std::int64_t local_s, std::int64_t near_unix_s) const {
    // No zone changes twice within two days, so these two are all the offsets that can apply.
    const std::int32_t before = offset_at(local_s - 86400);
    const std::int32_t after = offset_at(local_s + 86400);
    const std::int64_t with_before = local_s - before;
    const std::int64_t with_after = local_s - after;
    const bool before_fits = offset_at(with_before) == before;
    const bool after_fits = offset_at(with_after) == after;
    if (before_fits == after_fits) {
        const auto distance = [near_unix_s](std::int64_t at) {
            return at > near_unix_s ? at - near_unix_s : near_unix_s - at;
        };
        return before_fits && distance(with_after) < distance(with_before) ? with_after
                                                                           : with_before;
    }
    return before_fits ? with_before : with_after;
}

std::optional<std::int32_t> Zone::offset_of(std::string_view abbreviation,
                                            std::int64_t unix_s) const {
    if (abbreviation.empty()) {
        return std::nullopt;
    }
    if (rule_ && (transitions_.empty() || unix_s >= transitions_.back())) {
        if (rule_->standard.abbreviation == abbreviation) {
            return rule_->standard.offset_s;
        }
        if (rule_->daylight && rule_->daylight->abbreviation == abbreviation) {
            return rule_->daylight->offset_s;
        }
    }
    const auto after = std::upper_bound(transitions_.begin(), transitions_.end(), unix_s);
    for (auto i = static_cast<std::size_t>(after - transitions_.begin()); i > 0; --i) {
        const ZoneType& type = types_[type_of_[i - 1]];
        if (type.abbreviation == abbreviation) {
            return type.offset_s;
        }
    }
    return types_.front().abbreviation == abbreviation
               ? std::optional<std::int32_t>{types_.front().offset_s}
               : std::nullopt;
}

Result<ZonePtr> load_zone(std::string_view name, const std::string& directory) {
    if (const std::optional<std::int32_t> offset_s = read_fixed_offset(name)) {
        return std::make_shared<const Zone>(Zone::fixed(*offset_s));
    }
    if (!is_safe_zone_name(name)) {
        return fail(
            fmt::format("\"{}\" is neither a zone name nor an offset such as +02:00", name));
    }
    const std::string path = fmt::format("{}/{}", directory, name);
    std::ifstream file(path, std::ios::binary);
    std::string bytes(zone_file_bytes_max + 1, '\0');
    file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    const auto got = static_cast<std::size_t>(file.gcount());
    if (got == 0) {
        return fail(fmt::format("zone \"{}\" is not known: cannot read {}", name, path));
    }
    Result<Zone> zone = Zone::from_tzif(std::string_view(bytes).substr(0, got));
    if (!zone) {
        return fail(fmt::format("{}: {}", path, zone.error().message));
    }
    return std::make_shared<const Zone>(std::move(*zone));
}

}  // namespace weir
