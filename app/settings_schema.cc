#include "app/settings.h"
#include "app/settings_docs.h"
#include "core/units.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace weir {

namespace {

using Json = nlohmann::ordered_json;

// Any value may hold a reference to the environment instead, which is text.
Json or_reference(Json schema) {
    return {{"anyOf", Json::array({std::move(schema), {{"$ref", "#/$defs/reference"}}})}};
}

Json text_matching(std::string_view pattern) {
    return {{"type", "string"}, {"pattern", fmt::format("({})|\\$\\{{", pattern)}};
}

Json label_map(const Setting& setting, Json value) {
    return {{"type", "object"},
            {"maxProperties", setting.max},
            {"propertyNames", {{"pattern", "^[a-zA-Z_][a-zA-Z0-9_]*$"}}},
            {"additionalProperties", std::move(value)}};
}

Json scope_schema(std::string_view scope);

Json list_schema(const Setting& setting) {
    Json items = scope_schema(inner_scope(setting));
    if (setting.path == "classification") {
        items["oneOf"] = Json::array(
            {{{"required", Json::array({"sources"})}}, {{"required", Json::array({"hostname"})}}});
    }
    return {{"type", "array"},
            {"minItems", setting.min},
            {"maxItems", setting.max},
            {"items", std::move(items)}};
}

Json scalar_schema(const Setting& setting) {
    switch (setting.type) {
        case SettingType::integer:
            return or_reference(
                {{"type", "integer"}, {"minimum", setting.min}, {"maximum", setting.max}});
        case SettingType::size:
            return text_matching("^[0-9]+(B|[kKMGT]B|[KMGT]iB)$");
        case SettingType::duration:
            return text_matching("^[0-9]+(ms|s|m|h|d)$");
        case SettingType::boolean:
            return or_reference({{"type", "boolean"}});
        case SettingType::choice: {
            Json names = Json::array();
            for (const std::string_view name : setting.choices) {
                names.push_back(name);
            }
            return or_reference({{"enum", std::move(names)}});
        }
        case SettingType::address:
            return text_matching("^[^ ]+:[0-9]{1,5}$");
        case SettingType::name:
            return text_matching("^[a-zA-Z0-9._-]{1,63}$");
        case SettingType::url:
            return text_matching("^https?://");
        case SettingType::tenant:
            return text_matching("^[a-zA-Z0-9!_.*'()-]{1,150}$");
        case SettingType::text:
            return {{"type", Json::array({"string", "number", "boolean"})}};
        default:
            return {{"type", "string"}};
    }
}

Json type_schema(const Setting& setting) {
    switch (setting.type) {
        case SettingType::group:
            return scope_schema(setting.path);
        case SettingType::list:
            return list_schema(setting);
        case SettingType::labels:
            return label_map(setting, {{"type", Json::array({"string", "number", "boolean"})}});
        case SettingType::patterns:
            return label_map(setting, {{"type", "string"}});
        case SettingType::prefixes:
            return {{"type", "array"}, {"minItems", setting.min}, {"items", {{"type", "string"}}}};
        case SettingType::texts:
            return {{"type", "array"}, {"items", {{"type", "string"}}}};
        default:
            return scalar_schema(setting);
    }
}

Json typed_default(const Setting& setting, const std::string& text) {
    if (setting.type == SettingType::integer || setting.type == SettingType::boolean) {
        return Json::parse(text);
    }
    return text;
}

Json setting_schema(const Setting& setting) {
    Json schema = {{"description", setting.about}};
    if (setting.type == SettingType::size) {
        schema["description"] = fmt::format("{} From {} to {}.", setting.about,
                                            format_size(setting.min), format_size(setting.max));
    } else if (setting.type == SettingType::duration) {
        const auto shown = [](std::uint64_t ms) {
            return format_duration(std::chrono::milliseconds{static_cast<std::int64_t>(ms)});
        };
        schema["description"] =
            fmt::format("{} From {} to {}.", setting.about, shown(setting.min), shown(setting.max));
    }
    if (const std::string text = default_text(setting); !text.empty()) {
        schema["default"] = typed_default(setting, text);
    }
    schema.update(type_schema(setting));
    return schema;
}

Json scope_schema(std::string_view scope) {
    Json properties = Json::object();
    Json required = Json::array();
    for (const Setting* setting : settings_in(scope)) {
        const std::string key(setting_key(*setting));
        properties[key] = setting_schema(*setting);
        if (setting->required) {
            required.push_back(key);
        }
    }
    Json schema = {{"type", "object"}, {"additionalProperties", false}};
    if (!required.empty()) {
        schema["required"] = std::move(required);
    }
    schema["properties"] = std::move(properties);
    return schema;
}

}  // namespace

std::string settings_json_schema() {
    Json schema = {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                   {"title", "weir configuration"}};
    schema.update(scope_schema(""));
    schema["$defs"] = {{"reference",
                        {{"description", "A value that comes from the environment."},
                         {"type", "string"},
                         {"pattern", "\\$\\{[a-zA-Z_][a-zA-Z0-9_]*(:-[^}]*)?\\}"}}}};
    return schema.dump(2) + "\n";
}

}  // namespace weir
