#include "app/config_reader.h"

#include "app/setting_value.h"
#include "app/settings.h"

#include <fmt/format.h>

#include <set>
#include <unordered_set>

namespace weir {

namespace {

using Kind = YamlNode::Kind;

constexpr std::size_t sources_total_max = 200'000;

// Keys directly below a scope, then "group.key" for keys that stand one or more levels deeper.
std::string_view suggest_key(std::string_view scope, std::string_view written) {
    std::vector<std::string_view> keys;
    for (const Setting* setting : settings_in(scope)) {
        keys.push_back(setting_key(*setting));
    }
    if (const std::string_view near = nearest(written, keys); !near.empty()) {
        return near;
    }
    const std::size_t skip = scope.empty() ? 0 : scope.size() + 1;
    for (const Setting& setting : settings()) {
        const bool below = scope.empty() || (setting.path.starts_with(scope) &&
                                             setting.path.substr(scope.size()).starts_with('.'));
        if (below && setting_key(setting) == written &&
            setting.path.substr(skip).find("[]") == std::string_view::npos) {
            return setting.path.substr(skip);
        }
    }
    return {};
}

std::string unknown_key_message(std::string_view scope, std::string_view written) {
    if (const std::string_view near = suggest_key(scope, written); !near.empty()) {
        return fmt::format("unknown key; did you mean \"{}\"?", near);
    }
    std::string keys;
    for (const Setting* setting : settings_in(scope)) {
        keys += keys.empty() ? "" : ", ";
        keys += setting_key(*setting);
    }
    return fmt::format("unknown key; the keys here are {}", keys);
}

// A key as part of a path; one that is long or odd is shortened, it is only for a person.
std::string shown_key(std::string_view key) {
    constexpr std::size_t shown_bytes_max = 80;
    std::string shown(key.substr(0, shown_bytes_max));
    for (char& c : shown) {
        c = c == '\n' || c == '\r' || c == '\t' ? ' ' : c;
    }
    return key.size() > shown_bytes_max ? shown + "..." : shown;
}

class ConfigReader {
  public:
    ConfigReader(const YamlTree& tree, const Environment& environment, ConfigProblems& problems)
        : tree_(tree), environment_(environment), problems_(problems) {}

    ReadConfig read() {
        if (tree_.root() != nullptr && tree_.root()->kind != Kind::null) {
            read_map(*tree_.root(), "", &read_.config);
        }
        return std::move(read_);
    }

  private:
    // Extends the path for the life of one step into the document.
    class Step {
      public:
        Step(std::string& path, std::string_view key) : path_(path), length_(path.size()) {
            path_ += path_.empty() ? "" : ".";
            path_ += shown_key(key);
        }

        Step(std::string& path, std::size_t index) : path_(path), length_(path.size()) {
            path_ += fmt::format("[{}]", index);
        }

        Step(const Step&) = delete;
        Step& operator=(const Step&) = delete;

        ~Step() { path_.resize(length_); }

      private:
        std::string& path_;
        std::size_t length_;
    };

    void error(const YamlNode& node, std::string message) {
        problems_.error(node.line, path_, std::move(message));
    }

    bool is_kind(const YamlNode& value, Kind kind, std::string_view message) {
        const Kind found = tree_.resolved(value).kind;
        if (found == kind) {
            return true;
        }
        error(value, found == Kind::null ? "has no value" : std::string(message));
        return false;
    }

    // Calls on_entry(key node, value node) with the path at the key, once for each different key.
    template <class OnEntry>
    void for_each_entry(const YamlNode& map, OnEntry on_entry) {
        if (!is_kind(map, Kind::map, "must be a mapping of keys to values")) {
            return;
        }
        std::map<std::string_view, int> seen;
        const YamlNode* key = tree_.first_child(map);
        while (key != nullptr && !problems_.overflowed()) {
            const YamlNode* value = tree_.next(*key);
            const Step step(path_, key->text);
            const auto [first, is_new] = seen.emplace(key->text, key->line);
            if (is_new) {
                on_entry(*key, *value);
            } else {
                error(*key, fmt::format("duplicate key; the first is in line {}", first->second));
            }
            key = tree_.next(*value);
        }
    }

    // Calls on_item(item node, index) with the path at the item.
    template <class OnItem>
    void for_each_item(const Setting& setting, const YamlNode& list, OnItem on_item) {
        if (!is_kind(list, Kind::sequence, "must be a list")) {
            return;
        }
        std::size_t count = 0;
        for (const YamlNode* item = tree_.first_child(list);
             item != nullptr && !problems_.overflowed(); item = tree_.next(*item)) {
            if (count == setting.max) {
                return error(*item, fmt::format("has more than {} entries", setting.max));
            }
            const Step step(path_, count);
            on_item(*item, count);
            ++count;
        }
        if (count < setting.min) {
            error(list, "the list is empty");
        }
    }

    void read_map(const YamlNode& map, std::string_view scope, const SettingOwner& owner) {
        std::set<std::string_view> seen;
        for_each_entry(map, [&](const YamlNode& key, const YamlNode& value) {
            remember_line(key.line);
            const Setting* setting = find(scope, key.text);
            if (setting == nullptr) {
                return error(key, unknown_key_message(scope, key.text));
            }
            seen.insert(setting->path);
            read_setting(*setting, value, owner);
        });
        if (tree_.resolved(map).kind != Kind::map) {
            return;
        }
        for (const Setting* setting : settings_in(scope)) {
            if (setting->required && !seen.contains(setting->path)) {
                const Step step(path_, setting_key(*setting));
                error(map, "is required");
            }
        }
    }

    static const Setting* find(std::string_view scope, std::string_view key) {
        for (const Setting* setting : settings_in(scope)) {
            if (setting_key(*setting) == key) {
                return setting;
            }
        }
        return nullptr;
    }

    void remember_line(int line) {
        if (!in_classification_) {
            read_.lines.emplace(path_, line);
        }
    }

    void read_setting(const Setting& setting, const YamlNode& value, const SettingOwner& owner) {
        switch (setting.type) {
            case SettingType::group:
                return read_group(setting, value, owner);
            case SettingType::list:
                return read_list(setting, value);
            case SettingType::labels:
                return read_labels(setting, value, *std::get<Labels*>(setting.slot(owner)));
            case SettingType::patterns:
                return read_patterns(setting, value, *std::get<Patterns*>(setting.slot(owner)));
            case SettingType::prefixes:
                return read_prefixes(setting, value,
                                     *std::get<std::vector<Prefix>*>(setting.slot(owner)));
            case SettingType::texts:
                return read_texts(setting, value,
                                  *std::get<std::vector<std::string>*>(setting.slot(owner)));
            default:
                return read_scalar(setting, value, setting.slot(owner));
        }
    }

    void read_group(const Setting& setting, const YamlNode& value, const SettingOwner& owner) {
        if (setting.path == "file") {
            read_.config.file.enabled = true;
        }
        read_map(value, setting.path, owner);
    }

    void read_list(const Setting& setting, const YamlNode& value) {
        Config& config = read_.config;
        if (setting.path == "listeners") {
            read_objects(setting, value, config.listeners);
        } else if (setting.path == "rules") {
            read_objects(setting, value, config.rules);
        } else if (setting.path == "metric_rules") {
            read_objects(setting, value, config.metric_rules);
        } else if (setting.path == "loki") {
            read_objects(setting, value, config.loki);
        } else if (setting.path == "mimir") {
            read_objects(setting, value, config.mimir);
        } else {
            in_classification_ = true;
            for_each_item(setting, value,
                          [this](const YamlNode& item, std::size_t i) { read_entry(item, i); });
            in_classification_ = false;
        }
    }

    template <class Object>
    void read_objects(const Setting& setting, const YamlNode& list, std::vector<Object>& objects) {
        for_each_item(setting, list, [&](const YamlNode& item, std::size_t) {
            remember_line(item.line);
            Object object;
            if constexpr (requires { object.line; }) {
                object.line = item.line;
            }
            read_map(item, inner_scope(setting), &object);
            objects.push_back(std::move(object));
        });
    }

    void read_entry(const YamlNode& item, std::size_t index) {
        ClassificationEntry entry;
        entry_ = static_cast<std::uint32_t>(index);
        read_map(item, "classification[]", &entry);
        const bool by_hostname = has_key(item, "hostname");
        const bool by_source = has_key(item, "sources");
        if (by_hostname == by_source) {
            return error(item, by_hostname ? "has both sources and hostname; write two entries"
                                           : "needs sources or hostname");
        }
        if (!by_hostname) {
            read_.config.classification.push_back({.sources = std::move(entry.sources),
                                                   .labels = std::move(entry.labels),
                                                   .dialect = entry.dialect,
                                                   .zone = std::move(entry.zone),
                                                   .trusted_relay = entry.trusted_relay,
                                                   .line = item.line});
            return;
        }
        if (entry.dialect || entry.trusted_relay) {
            error(item,
                  "dialect and trusted_relay belong to an entry with sources; a hostname is "
                  "known only after the message was read");
        }
        read_.config.hostnames.push_back({.match = std::move(entry.hostname),
                                          .labels = std::move(entry.labels),
                                          .zone = std::move(entry.zone),
                                          .line = item.line});
    }

    [[nodiscard]] bool has_key(const YamlNode& map, std::string_view name) const {
        const YamlNode* key =
            tree_.resolved(map).kind == Kind::map ? tree_.first_child(map) : nullptr;
        while (key != nullptr && key->text != name) {
            key = tree_.next(*tree_.next(*key));
        }
        return key != nullptr;
    }

    // The text of a scalar with its variables expanded; false when there is none.
    bool scalar_text(const YamlNode& value, std::string& text) {
        if (!is_kind(value, Kind::scalar, "must be a single value")) {
            return false;
        }
        Result<std::string> expanded = expand_environment(tree_.resolved(value).text, environment_);
        if (!expanded) {
            error(value, std::move(expanded.error().message));
            return false;
        }
        text = std::move(*expanded);
        return true;
    }

    void read_scalar(const Setting& setting, const YamlNode& value, const SettingSlot& slot) {
        std::string text;
        if (!scalar_text(value, text)) {
            return;
        }
        if (setting.type == SettingType::zone && zones_.contains(text)) {
            *std::get<std::string*>(slot) = std::move(text);
            return;
        }
        const Result<void> set = set_value(setting, slot, text);
        if (!set) {
            error(value, set.error().message);
        } else if (setting.type == SettingType::zone) {
            zones_.insert(std::move(text));
        }
    }

    void read_labels(const Setting& setting, const YamlNode& value, Labels& labels) {
        for_each_entry(value, [&](const YamlNode& key, const YamlNode& label) {
            std::string text;
            if (!scalar_text(label, text)) {
                return;
            }
            if (const Result<void> checked = check_label(key.text, text); !checked) {
                error(key, checked.error().message);
            } else {
                labels.emplace(key.text, std::move(text));
            }
        });
        if (labels.size() > setting.max) {
            error(value, fmt::format("has more than {} labels", setting.max));
        }
    }

    void read_patterns(const Setting& setting, const YamlNode& value, Patterns& patterns) {
        for_each_entry(value, [&](const YamlNode& key, const YamlNode& pattern) {
            remember_line(key.line);
            std::string text;
            if (!scalar_text(pattern, text)) {
                return;
            }
            if (!is_valid_label_name(key.text)) {
                return error(key, fmt::format("\"{}\" is not a field name", key.text));
            }
            if (const Result<void> checked = check_pattern(text); !checked) {
                error(pattern, checked.error().message);
            } else {
                patterns.emplace(key.text, std::move(text));
            }
        });
        if (patterns.size() > setting.max) {
            error(value, fmt::format("has more than {} entries", setting.max));
        }
    }

    void read_prefixes(const Setting& setting, const YamlNode& value,
                       std::vector<Prefix>& prefixes) {
        for_each_item(setting, value, [&](const YamlNode& item, std::size_t index) {
            std::string text;
            if (!scalar_text(item, text)) {
                return;
            }
            const Result<Prefix> prefix = Prefix::parse(text);
            if (!prefix) {
                return error(item, prefix.error().message);
            }
            if (read_.sources.size() == sources_total_max) {
                return error(item, fmt::format("more than {} prefixes", sources_total_max));
            }
            prefixes.push_back(*prefix);
            if (!in_classification_) {
                return;  // a list of a listener's own, where one prefix may stand in several
            }
            read_.sources.push_back({.prefix = *prefix,
                                     .line = item.line,
                                     .entry = entry_,
                                     .item = static_cast<std::uint32_t>(index)});
        });
    }

    void read_texts(const Setting& setting, const YamlNode& value,
                    std::vector<std::string>& texts) {
        for_each_item(setting, value, [&](const YamlNode& item, std::size_t) {
            std::string text;
            if (!scalar_text(item, text)) {
                return;
            }
            if (text.empty()) {
                return error(item, "is empty");
            }
            texts.push_back(std::move(text));
        });
    }

    const YamlTree& tree_;
    const Environment& environment_;
    ConfigProblems& problems_;
    ReadConfig read_;
    std::string path_;
    std::unordered_set<std::string> zones_;  // already found to be good; loading one reads a file
    std::uint32_t entry_ = 0;
    bool in_classification_ = false;
};

}  // namespace

ReadConfig read_config(const YamlTree& tree, const Environment& environment,
                       ConfigProblems& problems) {
    return ConfigReader(tree, environment, problems).read();
}

}  // namespace weir
