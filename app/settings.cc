#include "app/settings.h"

#include "app/setting_value.h"
#include "app/settings_table.h"

#include <algorithm>
#include <map>

namespace weir {

namespace {

std::vector<Setting> all_settings() {
    const std::span<const Setting> intake = intake_settings();
    const std::span<const Setting> metrics = metrics_settings();
    const std::span<const Setting> delivery = delivery_settings();
    std::vector<Setting> all(intake.begin(), intake.end());
    all.insert(all.end(), metrics.begin(), metrics.end());
    const std::span<const Setting> mimir = mimir_settings();
    all.insert(all.end(), mimir.begin(), mimir.end());
    all.insert(all.end(), delivery.begin(), delivery.end());
    return all;
}

std::string_view scope_of(const Setting& setting) {
    const std::size_t dot = setting.path.rfind('.');
    return dot == std::string_view::npos ? std::string_view{} : setting.path.substr(0, dot);
}

using ScopeIndex = std::map<std::string_view, std::vector<const Setting*>>;

ScopeIndex index_by_scope() {
    ScopeIndex index;
    for (const Setting& setting : settings()) {
        index[scope_of(setting)].push_back(&setting);
    }
    return index;
}

// Unchanged objects of every kind, to read defaults from.
struct Defaults {
    Config config;
    ListenerConfig listener;
    ClassificationEntry classification;
    RuleConfig rule;
    MetricRuleConfig metric_rule;
    HttpEndpointConfig endpoint;

    SettingOwner owner(std::string_view path) {
        if (path.starts_with("listeners[]")) {
            return &listener;
        }
        if (path.starts_with("classification[]")) {
            return &classification;
        }
        if (path.starts_with("rules[]")) {
            return &rule;
        }
        if (path.starts_with("metric_rules[]")) {
            return &metric_rule;
        }
        if (path.starts_with("loki[]") || path.starts_with("mimir[]")) {
            return &endpoint;
        }
        return &config;
    }
};

}  // namespace

std::span<const Setting> settings() {
    static const std::vector<Setting> all = all_settings();
    return all;
}

std::string_view setting_key(const Setting& setting) {
    return setting.path.substr(setting.path.rfind('.') + 1);  // npos + 1 is the start
}

std::span<const Setting* const> settings_in(std::string_view scope) {
    static const ScopeIndex index = index_by_scope();
    const auto found = index.find(scope);
    return found == index.end() ? std::span<const Setting* const>{} : found->second;
}

std::string inner_scope(const Setting& setting) {
    return std::string(setting.path) + (setting.type == SettingType::list ? "[]" : "");
}

std::string default_text(const Setting& setting) {
    if (setting.slot == nullptr || setting.required) {
        return {};
    }
    Defaults defaults;
    return value_text(setting, setting.slot(defaults.owner(setting.path)));
}

}  // namespace weir
