#include "core/units.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <limits>
#include <span>
#include <system_error>

namespace weir {

namespace {

struct Unit {
    std::string_view name;
    std::uint64_t scale;
};

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t kb = 1000;

// Largest first within each family, binary before decimal: the order of preference when printing.
constexpr std::array<Unit, 9> size_units = {{{"TiB", kib* kib* kib* kib},
                                             {"GiB", kib* kib* kib},
                                             {"MiB", kib* kib},
                                             {"KiB", kib},
                                             {"TB", kb* kb* kb* kb},
                                             {"GB", kb* kb* kb},
                                             {"MB", kb* kb},
                                             {"kB", kb},
                                             {"B", 1}}};
constexpr std::array<Unit, 5> duration_units = {
    {{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

struct Kind {
    std::string_view noun;     // "size"
    std::string_view example;  // "64KiB"
    std::span<const Unit> units;
};

constexpr Kind size_kind = {"size", "64KiB", size_units};
constexpr Kind duration_kind = {"duration", "30s", duration_units};

const Unit* find_unit(std::span<const Unit> units, std::string_view name) {
    if (name == "KB") {
        name = "kB";
    }
    const auto* found = std::find_if(units.data(), units.data() + units.size(),
                                     [name](const Unit& unit) { return unit.name == name; });
    return found == units.data() + units.size() ? nullptr : found;
}

std::string unit_names(std::span<const Unit> units) {
    std::string names;
    for (auto unit = units.rbegin(); unit != units.rend(); ++unit) {
        names += names.empty() ? "" : ", ";
        names += unit->name;
    }
    return names;
}

Result<std::uint64_t> parse(const Kind& kind, std::string_view text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec == std::errc::result_out_of_range) {
        return fail(fmt::format("\"{}\" is too large", text));
    }
    if (read.ec != std::errc{}) {
        return fail(fmt::format("\"{}\" is not a {}; write a whole number and its unit, as in {}",
                                text, kind.noun, kind.example));
    }
    const std::string_view name = text.substr(static_cast<std::size_t>(read.ptr - text.data()));
    if (name.empty()) {
        return fail(fmt::format("\"{}\" has no unit; write it as in {} (units: {})", text,
                                kind.example, unit_names(kind.units)));
    }
    const Unit* unit = find_unit(kind.units, name);
    if (unit == nullptr) {
        return fail(
            fmt::format("\"{}\" is not a {}; write a whole number and its unit, as in {} "
                        "(units: {})",
                        text, kind.noun, kind.example, unit_names(kind.units)));
    }
    if (number > std::numeric_limits<std::uint64_t>::max() / unit->scale) {
        return fail(fmt::format("\"{}\" is too large", text));
    }
    return number * unit->scale;
}

std::string format(std::span<const Unit> units, std::string_view zero, std::uint64_t number) {
    if (number == 0) {
        return std::string(zero);
    }
    const Unit* unit = units.data();
    while (number % unit->scale != 0) {  // ends: the last unit's scale is 1
        ++unit;
    }
    return fmt::format("{}{}", number / unit->scale, unit->name);
}

}  // namespace

Result<std::uint64_t> parse_size(std::string_view text) {
    return parse(size_kind, text);
}

Result<std::chrono::milliseconds> parse_duration(std::string_view text) {
    const Result<std::uint64_t> ms = parse(duration_kind, text);
    if (!ms) {
        return tl::unexpected<Error>(ms.error());
    }
    if (*ms > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
        return fail(fmt::format("\"{}\" is too large", text));
    }
    return std::chrono::milliseconds{static_cast<std::int64_t>(*ms)};
}

std::string format_size(std::uint64_t bytes) {
    return format(size_units, "0B", bytes);
}

std::string format_duration(std::chrono::milliseconds duration) {
    const std::int64_t ms = duration.count();
    if (ms < 0) {
        // Negated as unsigned, because the smallest value has no positive counterpart.
        return "-" +
               format(duration_units, "0s", std::uint64_t{0} - static_cast<std::uint64_t>(ms));
    }
    return format(duration_units, "0s", static_cast<std::uint64_t>(ms));
}

}  // namespace weir
