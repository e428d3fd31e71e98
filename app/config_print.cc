#include "app/config_print.h"

#include "app/config_checks.h"
#include "app/setting_value.h"
#include "app/settings.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

bool is_plain(std::string_view text) {
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    // YAML readers turn these into something else, in several spellings.
    for (const std::string_view word :
         {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}) {
        if (std::equal(text.begin(), text.end(), word.begin(), word.end(),
                       [](char a, char b) { return (a | 0x20) == b; })) {
            return false;
        }
    }
    return !text.empty() && (letter(text.front()) || text.front() == '/') &&
           std::all_of(text.begin(), text.end(), [letter](char c) {
               return letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '/' ||
                      c == '-';
           });
}

// Text that a reader, after YAML and the environment, takes for `text`.
std::string quoted(std::string_view text) {
    if (is_plain(text)) {
        return std::string(text);
    }
    std::string out = "\"";
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (c == '$' && i + 1 < text.size() && (text[i + 1] == '{' || text[i + 1] == '$')) {
            out += "$$";
        } else if (static_cast<unsigned char>(c) < 0x20 || c == '\x7f') {
            out += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            out += c;
        }
    }
    return out + "\"";
}

bool is_bare(SettingType type) {
    return type == SettingType::integer || type == SettingType::size ||
           type == SettingType::duration || type == SettingType::boolean ||
           type == SettingType::choice;
}

std::string map_text(const Labels& map) {
    std::string out;
    for (const auto& [name, value] : map) {
        out += fmt::format("{}{}: {}", out.empty() ? "" : ", ", quoted(name), quoted(value));
    }
    return out.empty() ? out : "{" + out + "}";
}

std::string slot_text(const Setting& setting, const SettingSlot& slot) {
    if (Labels* const* labels = std::get_if<Labels*>(&slot)) {
        return map_text(**labels);
    }
    if (Patterns* const* patterns = std::get_if<Patterns*>(&slot)) {
        return map_text(Labels((*patterns)->begin(), (*patterns)->end()));
    }
    if (std::vector<Prefix>* const* prefixes = std::get_if<std::vector<Prefix>*>(&slot)) {
        std::string out;
        for (const Prefix& prefix : **prefixes) {
            out += fmt::format("{}\"{}\"", out.empty() ? "" : ", ", prefix.to_string());
        }
        return out.empty() ? out : "[" + out + "]";
    }
    if (std::vector<std::string>* const* texts = std::get_if<std::vector<std::string>*>(&slot)) {
        std::string out;
        for (const std::string& text : **texts) {
            out += fmt::format("{}{}", out.empty() ? "" : ", ", quoted(text));
        }
        return out.empty() ? out : "[" + out + "]";
    }
    const std::string text = value_text(setting, slot);
    return text.empty() || is_bare(setting.type) ? text : quoted(text);
}

// Whether a setting means anything for this owner; the checks object to one that does not.
bool applies(const Setting& setting, const SettingOwner& owner) {
    if (ListenerConfig* const* listener = std::get_if<ListenerConfig*>(&owner)) {
        return setting_applies(**listener, setting_key(setting));
    }
    if (RuleConfig* const* rule = std::get_if<RuleConfig*>(&owner)) {
        return setting_key(setting) != "one_in" || (*rule)->action == RuleAction::sample;
    }
    if (MetricRuleConfig* const* rule = std::get_if<MetricRuleConfig*>(&owner)) {
        return setting_key(setting) != "series_max" || (*rule)->action == MetricAction::limit;
    }
    return true;
}

// Whether an empty value has to be written: a rule may set a label to nothing.
bool is_required(const Setting& setting, const SettingOwner& owner) {
    RuleConfig* const* rule = std::get_if<RuleConfig*>(&owner);
    return rule != nullptr && setting_key(setting) == "value" &&
           ((*rule)->action == RuleAction::set_label ||
            (*rule)->action == RuleAction::set_metadata);
}

class ConfigPrinter {
  public:
    explicit ConfigPrinter(const Config& config) : config_(config) {}

    std::string print() {
        print_scope("", &config_, 0);
        return std::move(out_);
    }

  private:
    void print_scope(std::string_view scope, const SettingOwner& owner, std::size_t indent) {
        for (const Setting* setting : settings_in(scope)) {
            if (setting->type == SettingType::list) {
                print_list(*setting);
            } else if (setting->type == SettingType::group) {
                print_group(*setting, owner, indent);
            } else if (applies(*setting, owner)) {
                std::string text = slot_text(*setting, setting->slot(owner));
                if (text.empty() && is_required(*setting, owner)) {
                    text = "\"\"";
                }
                if (!text.empty()) {
                    print_key(*setting, indent);
                    out_ += fmt::format(" {}\n", text);
                }
            }
        }
    }

    void print_key(const Setting& setting, std::size_t indent) {
        out_ += fmt::format("{:{}}{}:", "", indent, setting_key(setting));
    }

    void print_group(const Setting& setting, const SettingOwner& owner, std::size_t indent) {
        if (setting.path == "file" && !config_.file.enabled) {
            return;
        }
        const std::size_t before = out_.size();
        print_key(setting, indent);
        out_ += '\n';
        const std::size_t head_end = out_.size();
        print_scope(setting.path, owner, indent + 2);
        if (out_.size() == head_end) {
            out_.resize(before);
        }
    }

    void print_list(const Setting& setting) {
        const std::size_t before = out_.size();
        print_key(setting, 0);
        out_ += '\n';
        const std::size_t head_end = out_.size();
        if (setting.path == "listeners") {
            print_items(setting, config_.listeners);
        } else if (setting.path == "rules") {
            print_items(setting, config_.rules);
        } else if (setting.path == "metric_rules") {
            print_items(setting, config_.metric_rules);
        } else if (setting.path == "loki") {
            print_items(setting, config_.loki);
        } else if (setting.path == "mimir") {
            print_items(setting, config_.mimir);
        } else {
            print_classification(setting);
        }
        if (out_.size() == head_end) {
            out_.resize(before);
        }
    }

    template <class Item>
    void print_items(const Setting& setting, std::vector<Item>& items) {
        for (Item& item : items) {
            const std::size_t start = out_.size();
            print_scope(inner_scope(setting), &item, 4);
            out_[start + 2] = '-';  // "    name: x" becomes "  - name: x"
        }
    }

    void print_classification(const Setting& setting) {
        std::vector<ClassificationEntry> entries;
        for (const ClassificationRule& rule : config_.classification) {
            entries.push_back({.sources = rule.sources,
                               .labels = rule.labels,
                               .dialect = rule.dialect,
                               .zone = rule.zone,
                               .trusted_relay = rule.trusted_relay});
        }
        print_items(setting, entries);
        entries.clear();
        for (const HostnameRule& rule : config_.hostnames) {
            entries.push_back({.hostname = rule.match, .labels = rule.labels, .zone = rule.zone});
        }
        print_items(setting, entries);
    }

    Config config_;  // a copy, because slots are pointers to what may be changed
    std::string out_;
};

}  // namespace

std::string print_config(const Config& config) {
    return ConfigPrinter(config).print();
}

}  // namespace weir
