#include "app/setting_value.h"

#include "core/labels.h"
#include "core/units.h"
#include "pipeline/zone.h"

#include <fmt/format.h>
#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <numeric>
#include <system_error>
#include <type_traits>

namespace weir {

namespace {

constexpr std::size_t pattern_bytes_max = 4096;
constexpr std::int64_t pattern_memory_max = 1 << 20;
constexpr std::size_t text_bytes_max = 4096;
constexpr std::size_t name_bytes_max = 63;

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool consists_of(std::string_view text, std::string_view marks) {
    return std::all_of(text.begin(), text.end(), [marks](char c) {
        return is_alnum(c) || marks.find(c) != std::string_view::npos;
    });
}

Result<void> check_text(std::string_view text) {
    if (text.size() > text_bytes_max) {
        return fail(fmt::format("is longer than {} bytes", text_bytes_max));
    }
    if (text.find_first_of("\r\n") != std::string_view::npos) {
        return fail("must be one line");
    }
    return {};
}

Result<void> check_name(std::string_view text) {
    if (text.empty() || text.size() > name_bytes_max || !consists_of(text, "._-")) {
        return fail(fmt::format("\"{}\" is not a name: 1 to {} letters, digits, '.', '_' and '-'",
                                text, name_bytes_max));
    }
    return {};
}

// https://grafana.com/docs/mimir/latest/configure/about-tenant-ids/
Result<void> check_tenant(std::string_view text) {
    if (!is_valid_tenant(text)) {
        return fail(
            fmt::format("\"{}\" is not a tenant: 1 to {} letters, digits and !-_.*'(), and "
                        "neither \".\" nor \"..\"",
                        text, tenant_bytes_max));
    }
    return {};
}

Result<void> check_url(std::string_view text) {
    std::string_view rest = text;
    if (rest.starts_with("https://")) {
        rest.remove_prefix(8);
    } else if (rest.starts_with("http://")) {
        rest.remove_prefix(7);
    } else {
        return fail(fmt::format("\"{}\" is not a URL that begins with http:// or https://", text));
    }
    const bool printable =
        std::all_of(rest.begin(), rest.end(), [](char c) { return c > ' ' && c < '\x7f'; });
    const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
    if (!printable || authority.empty() || authority.front() == ':') {
        return fail(fmt::format("\"{}\" is not a URL with a host", text));
    }
    if (authority.find('@') != std::string_view::npos) {
        return fail("credentials in a URL are refused; use basic or bearer_token_file");
    }
    if (rest.find('#') != std::string_view::npos) {
        return fail(fmt::format("\"{}\" has a fragment, which is never sent", text));
    }
    return {};
}

Result<void> check_string(SettingType type, std::string_view text) {
    switch (type) {
        case SettingType::name:
            return check_name(text);
        case SettingType::tenant:
            return check_tenant(text);
        case SettingType::url:
            return check_url(text);
        case SettingType::pattern:
            return check_pattern(text);
        case SettingType::zone:
            return load_zone(text).map([](const ZonePtr&) {});
        case SettingType::path:
            return text.empty() ? fail("is empty") : check_text(text);
        default:
            return check_text(text);
    }
}

std::string shown(SettingType type, std::uint64_t number) {
    if (type == SettingType::size) {
        return format_size(number);
    }
    if (type == SettingType::duration) {
        return format_duration(std::chrono::milliseconds{static_cast<std::int64_t>(number)});
    }
    return std::to_string(number);
}

Result<std::uint64_t> parse_integer(std::string_view text) {
    std::uint64_t number = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
    if (read.ec == std::errc::result_out_of_range) {
        return fail(fmt::format("\"{}\" is too large", text));
    }
    if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) {
        return fail(fmt::format("\"{}\" is not a whole number", text));
    }
    return number;
}

Result<std::uint64_t> parse_number(SettingType type, std::string_view text) {
    if (type == SettingType::size) {
        return parse_size(text);
    }
    if (type == SettingType::duration) {
        return parse_duration(text).map(
            [](std::chrono::milliseconds ms) { return static_cast<std::uint64_t>(ms.count()); });
    }
    return parse_integer(text);
}

Result<std::uint64_t> parse_in_range(const Setting& setting, std::string_view text) {
    Result<std::uint64_t> number = parse_number(setting.type, text);
    if (number && (*number < setting.min || *number > setting.max)) {
        return fail(fmt::format("{} is outside {} to {}", text, shown(setting.type, setting.min),
                                shown(setting.type, setting.max)));
    }
    return number;
}

Result<std::size_t> choice_index(const Setting& setting, std::string_view text) {
    const auto found = std::find(setting.choices.begin(), setting.choices.end(), text);
    if (found != setting.choices.end()) {
        return static_cast<std::size_t>(found - setting.choices.begin());
    }
    std::string message =
        fmt::format("\"{}\" is not one of {}", text, fmt::join(setting.choices, ", "));
    if (const std::string_view near = nearest(text, setting.choices); !near.empty()) {
        message += fmt::format("; did you mean \"{}\"?", near);
    }
    return fail(std::move(message));
}

Result<void> set_endpoint(const EndpointSlot& slot, std::string_view text) {
    const std::size_t colon = text.rfind(':');
    const std::string_view host = text.substr(0, colon);
    const bool bracketed = host.starts_with('[') && host.ends_with(']');
    if (colon == std::string_view::npos ||
        (!bracketed && host.find(':') != std::string_view::npos)) {
        return fail(
            fmt::format("\"{}\" is not an address and port, as in \"[::]:5514\" or "
                        "\"0.0.0.0:5514\"",
                        text));
    }
    const Result<IpAddress> address = IpAddress::parse(host);
    if (!address) {
        return tl::unexpected<Error>(address.error());
    }
    const Result<std::uint64_t> port = parse_integer(text.substr(colon + 1));
    if (!port || *port < 1 || *port > 65535) {
        return fail(fmt::format("\"{}\" has a port outside 1 to 65535", text));
    }
    *slot.address = *address;
    *slot.port = static_cast<std::uint16_t>(*port);
    return {};
}

template <class T>
struct OptionalOf : std::false_type {
    using Value = T;
};

template <class T>
struct OptionalOf<std::optional<T>> : std::true_type {
    using Value = T;
};

template <class Value>
Result<void> set_choice(const Setting& setting, Value* value, std::string_view text) {
    const Result<std::size_t> index = choice_index(setting, text);
    if (!index) {
        return tl::unexpected<Error>(index.error());
    }
    *value = static_cast<typename OptionalOf<Value>::Value>(*index);
    return {};
}

Result<void> set_boolean(bool* value, std::string_view text) {
    if (text != "true" && text != "false") {
        return fail(fmt::format("\"{}\" is neither true nor false", text));
    }
    *value = text == "true";
    return {};
}

// One overload for each alternative of SettingSlot.
struct Setter {
    const Setting& setting;
    std::string_view text;

    Result<void> operator()(std::string* value) const {
        Result<void> checked = check_string(setting.type, text);
        if (checked) {
            *value = text;
        }
        return checked;
    }

    Result<void> operator()(std::size_t* value) const {
        return parse_in_range(setting, text).map([value](std::uint64_t n) { *value = n; });
    }

    Result<void> operator()(std::chrono::milliseconds* value) const {
        return parse_in_range(setting, text).map([value](std::uint64_t n) {
            *value = std::chrono::milliseconds{static_cast<std::int64_t>(n)};
        });
    }

    Result<void> operator()(bool* value) const {
        return setting.type == SettingType::boolean ? set_boolean(value, text)
                                                    : set_choice(setting, value, text);
    }

    Result<void> operator()(const EndpointSlot& slot) const { return set_endpoint(slot, text); }

    Result<void> operator()(Labels*) const { return fail("must be a mapping"); }

    Result<void> operator()(Patterns*) const { return fail("must be a mapping"); }

    Result<void> operator()(std::vector<Prefix>*) const { return fail("must be a list"); }

    Result<void> operator()(std::vector<std::string>*) const { return fail("must be a list"); }

    template <class Enumeration>
    Result<void> operator()(Enumeration* value) const {
        return set_choice(setting, value, text);
    }
};

struct Printer {
    const Setting& setting;

    std::string operator()(const std::string* value) const { return *value; }

    std::string operator()(const std::size_t* value) const { return shown(setting.type, *value); }

    std::string operator()(const std::chrono::milliseconds* value) const {
        return format_duration(*value);
    }

    std::string operator()(const bool* value) const {
        if (setting.type == SettingType::choice) {
            return std::string(setting.choices[*value ? 1 : 0]);
        }
        return *value ? "true" : "false";
    }

    std::string operator()(const EndpointSlot& slot) const {
        const std::string host = slot.address->to_string();
        return slot.address->is_v4() ? fmt::format("{}:{}", host, *slot.port)
                                     : fmt::format("[{}]:{}", host, *slot.port);
    }

    std::string operator()(const Labels*) const { return {}; }

    std::string operator()(const Patterns*) const { return {}; }

    std::string operator()(const std::vector<Prefix>*) const { return {}; }

    std::string operator()(const std::vector<std::string>*) const { return {}; }

    std::string operator()(const std::optional<Dialect>* value) const {
        return *value ? std::string(dialect_name(**value)) : std::string{};
    }

    template <class Enumeration>
    std::string operator()(const Enumeration* value) const {
        return std::string(setting.choices[static_cast<std::size_t>(*value)]);
    }
};

std::size_t edit_distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    std::iota(row.begin(), row.end(), std::size_t{0});
    for (std::size_t i = 0; i < a.size(); ++i) {
        std::size_t diagonal = row[0];
        row[0] = i + 1;
        for (std::size_t j = 0; j < b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
            diagonal = row[j + 1];
            row[j + 1] = std::min({replaced, row[j] + 1, diagonal + 1});
        }
    }
    return row.back();
}

}  // namespace

Result<void> set_value(const Setting& setting, const SettingSlot& slot, std::string_view text) {
    return std::visit(Setter{setting, text}, slot);
}

Result<void> check_label(std::string_view name, std::string_view value) {
    if (!is_valid_label_name(name)) {
        return fail(
            fmt::format("\"{}\" is not a label name: letters, digits and '_', not a digit "
                        "first",
                        name));
    }
    const bool reserved = std::find(reserved_label_names.begin(), reserved_label_names.end(),
                                    name) != reserved_label_names.end();
    if (reserved || name.starts_with("__")) {
        return fail(fmt::format("label \"{}\" is reserved", name));
    }
    if (value.empty()) {
        return fail("label value is empty");
    }
    if (value.size() > label_value_bytes_max) {
        return fail(fmt::format("label value is longer than {} bytes", label_value_bytes_max));
    }
    return {};
}

Result<void> check_pattern(std::string_view pattern) {
    if (pattern.empty()) {
        return fail("pattern is empty and would match everything");
    }
    if (pattern.size() > pattern_bytes_max) {
        return fail(fmt::format("pattern is longer than {} bytes", pattern_bytes_max));
    }
    RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(pattern_memory_max);
    const RE2 compiled(re2::StringPiece(pattern.data(), pattern.size()), options);
    if (!compiled.ok()) {
        return fail(
            fmt::format("\"{}\" is not a pattern that RE2 takes: {}", pattern, compiled.error()));
    }
    return {};
}

std::string value_text(const Setting& setting, const SettingSlot& slot) {
    return std::visit(Printer{setting}, slot);
}

bool same_value(const Setting& setting, const SettingSlot& a, const SettingSlot& b) {
    if (Labels* const* labels = std::get_if<Labels*>(&a)) {
        return **labels == *std::get<Labels*>(b);
    }
    if (Patterns* const* patterns = std::get_if<Patterns*>(&a)) {
        return **patterns == *std::get<Patterns*>(b);
    }
    if (std::vector<Prefix>* const* prefixes = std::get_if<std::vector<Prefix>*>(&a)) {
        return **prefixes == *std::get<std::vector<Prefix>*>(b);
    }
    if (std::vector<std::string>* const* texts = std::get_if<std::vector<std::string>*>(&a)) {
        return **texts == *std::get<std::vector<std::string>*>(b);
    }
    return value_text(setting, a) == value_text(setting, b);
}

void copy_value(const SettingSlot& from, const SettingSlot& to) {
    std::visit(
        [&to](const auto& source) {
            using Alternative = std::decay_t<decltype(source)>;
            const auto& target = std::get<Alternative>(to);
            if constexpr (std::is_same_v<Alternative, EndpointSlot>) {
                *target.address = *source.address;
                *target.port = *source.port;
            } else {
                *target = *source;
            }
        },
        from);
}

std::string_view nearest(std::string_view written, std::span<const std::string_view> candidates) {
    constexpr std::size_t written_bytes_max =
        64;  // longer is no typing mistake, and costs a square
    std::string_view best;
    std::size_t best_distance = std::max<std::size_t>(2, written.size() / 3) + 1;
    if (written.size() > written_bytes_max) {
        return best;
    }
    for (const std::string_view candidate : candidates) {
        const std::size_t distance = edit_distance(written, candidate);
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace weir
