#include "app/settings_docs.h"

#include "app/settings.h"
#include "core/units.h"

#include <fmt/format.h>

#include <limits>

namespace weir {

namespace {

constexpr std::string_view introduction = R"(# Configuration

<!-- Generated from the table in app/settings_table_*.cc; change it there. -->

weir reads one YAML file. It is strict: an unknown key, a key given twice, a missing unit, a value
out of range or settings that contradict each other refuse to start, and the message names the file,
the line, the key and what was probably meant. `weir check FILE` says the same without starting, and
`weir check FILE --print` shows every setting with its default filled in.

- **Sizes** carry a unit: `B`, `kB`, `MB`, `GB`, `TB` (powers of 1000), `KiB`, `MiB`, `GiB`, `TiB`
  (powers of 1024). **Durations** too: `ms`, `s`, `m`, `h`, `d`. They are whole numbers: `90s`, not
  `1.5m`.
- **Environment**: `${NAME}` in a value is replaced by the variable, `${NAME:-default}` gives a
  default for one that is unset or empty, and `$$` is a plain `$`. An unset variable without a
  default refuses to start. Keys are never replaced, and what a variable holds is never read as
  YAML.
- **Secrets** are paths of files, which are read again when they change.
- **Reload**: SIGHUP or a changed file applies the settings marked *reload*; a change of any other
  one is named and waits for a restart, and so does a listener that came or went. The endpoints of
  `loki` and `mimir` come and go with a reload; each is known by its name, also to the spool. A file
  with errors changes nothing.
- **Labels**: a stream has at most 15. `job`, `source_type`, `cluster`, `device` and `replay` are
  weir's own, the last three reserved for it; so are names that begin with `__`.
- YAML anchors and aliases work; tags, merge keys and several documents in a file do not.

With no `listeners`, weir listens for syslog on port 5514 (udp and tcp), for Nutanix on port 1515
(udp) and for telemetry (`mdt`) on port 57000 (tcp). There is no TLS listener by default, because
there is no certificate to give it. With no `loki`, it writes the records that it receives as NDJSON
files. With no `mimir`, the latest value of every series is on the admin port, at
`/telemetry/metrics`.
)";

std::string_view type_name(SettingType type) {
    switch (type) {
        case SettingType::group:
            return "group";
        case SettingType::list:
            return "list";
        case SettingType::text:
            return "text";
        case SettingType::name:
            return "name";
        case SettingType::integer:
            return "number";
        case SettingType::size:
            return "size";
        case SettingType::duration:
            return "duration";
        case SettingType::boolean:
            return "true or false";
        case SettingType::choice:
            return "one of";
        case SettingType::address:
            return "address:port";
        case SettingType::prefixes:
            return "prefixes";
        case SettingType::texts:
            return "texts";
        case SettingType::labels:
            return "name: text";
        case SettingType::pattern:
            return "RE2";
        case SettingType::patterns:
            return "field: RE2";
        case SettingType::path:
            return "path";
        case SettingType::url:
            return "URL";
        case SettingType::tenant:
            return "tenant";
        case SettingType::zone:
            return "time zone";
    }
    return {};
}

std::string range_text(const Setting& setting) {
    constexpr std::uint64_t unbounded = std::numeric_limits<std::int64_t>::max();
    switch (setting.type) {
        case SettingType::choice:
            return fmt::format("`{}`", fmt::join(setting.choices, "`, `"));
        case SettingType::integer:
            return fmt::format("{} to {}", setting.min, setting.max);
        case SettingType::size:
            return fmt::format("{} to {}", format_size(setting.min), format_size(setting.max));
        case SettingType::duration:
            return fmt::format(
                "{} to {}",
                format_duration(std::chrono::milliseconds{static_cast<std::int64_t>(setting.min)}),
                format_duration(std::chrono::milliseconds{static_cast<std::int64_t>(setting.max)}));
        default:
            return setting.max == unbounded ? "" : fmt::format("at most {}", setting.max);
    }
}

std::string default_cell(const Setting& setting) {
    if (setting.required) {
        return "required";
    }
    const std::string text = default_text(setting);
    return text.empty() ? "" : fmt::format("`{}`", text);
}

void add_row(const Setting& setting, std::string_view name, std::string& out) {
    const bool leaf = setting.slot != nullptr;
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", name, type_name(setting.type),
                       default_cell(setting), range_text(setting),
                       leaf ? (setting.reloadable ? "reload" : "restart") : "", setting.about);
}

constexpr std::string_view table_head =
    "| Setting | Type | Default | Range | Change | What it is |\n"
    "|---|---|---|---|---|---|\n";

// The settings of one top-level group or list, named relative to it.
void add_section(const Setting& section, std::string& out) {
    const std::string scope = inner_scope(section);
    out += fmt::format("\n## {}\n\n{}", section.path, section.about);
    if (section.type == SettingType::list) {
        out += fmt::format(" A list of at most {} entries.", section.max);
    }
    out += fmt::format("\n\n{}", table_head);
    for (const Setting& setting : settings()) {
        if (setting.path.starts_with(scope + ".")) {
            add_row(setting, setting.path.substr(scope.size() + 1), out);
        }
    }
}

}  // namespace

std::string settings_markdown() {
    std::string out(introduction);
    out += fmt::format("\n## At the top\n\n{}", table_head);
    for (const Setting* setting : settings_in("")) {
        if (setting->slot != nullptr) {
            add_row(*setting, setting->path, out);
        }
    }
    for (const Setting* setting : settings_in("")) {
        if (setting->slot == nullptr) {
            add_section(*setting, out);
        }
    }
    return out;
}

}  // namespace weir
