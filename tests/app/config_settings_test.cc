// The table of settings, and what is generated from it.
#include "app/check_command.h"
#include "app/setting_value.h"
#include "app/settings.h"
#include "app/settings_docs.h"
#include "core/dialect.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

namespace weir {
namespace {

// Compares with a committed file, or rewrites it when asked to.
void expect_committed(const std::string& name, const std::string& generated) {
    const std::string path = std::string(WEIR_SOURCE_DIR) + "/docs/" + name;
    if (std::getenv("WEIR_UPDATE_GOLDENS") != nullptr) {
        std::ofstream(path) << generated;
    }
    std::ifstream file(path);
    const std::string committed{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
    EXPECT_EQ(committed, generated) << path << " is stale; run with WEIR_UPDATE_GOLDENS=1";
}

TEST(Settings, GeneratedFilesAreFresh) {
    expect_committed("configuration.md", settings_markdown());
    std::ostringstream schema;
    EXPECT_EQ(run_schema_command(schema), 0);
    expect_committed("weir.schema.json", schema.str());
}

TEST(Settings, EveryRowIsComplete) {
    std::set<std::string_view> paths;
    for (const Setting& setting : settings()) {
        const std::string path(setting.path);
        EXPECT_TRUE(paths.insert(setting.path).second) << path;
        ASSERT_FALSE(setting.about.empty()) << path;
        EXPECT_EQ(setting.about.back(), '.') << path;
        EXPECT_EQ(setting.about.find('|'), std::string_view::npos) << path;
        const bool inner = setting.type == SettingType::group || setting.type == SettingType::list;
        EXPECT_EQ(setting.slot == nullptr, inner) << path;
        EXPECT_EQ(inner, !settings_in(inner_scope(setting)).empty()) << path;
        EXPECT_EQ(setting.type == SettingType::choice, !setting.choices.empty()) << path;
        EXPECT_LE(setting.min, setting.max) << path;
    }
}

TEST(Settings, EveryDefaultIsAValueThatTheReaderTakes) {
    for (const Setting& setting : settings()) {
        const std::string text = default_text(setting);
        if (text.empty()) {
            continue;
        }
        Config config;
        ListenerConfig listener;
        ClassificationEntry entry;
        RuleConfig rule;
        MetricRuleConfig metric_rule;
        HttpEndpointConfig endpoint;
        SettingOwner owner = &config;
        owner = setting.path.starts_with("listeners[]") ? SettingOwner{&listener} : owner;
        owner = setting.path.starts_with("classification[]") ? SettingOwner{&entry} : owner;
        owner = setting.path.starts_with("rules[]") ? SettingOwner{&rule} : owner;
        owner = setting.path.starts_with("metric_rules[]") ? SettingOwner{&metric_rule} : owner;
        owner = setting.path.starts_with("loki[]") ? SettingOwner{&endpoint} : owner;
        owner = setting.path.starts_with("mimir[]") ? SettingOwner{&endpoint} : owner;
        const Result<void> set = set_value(setting, setting.slot(owner), text);
        EXPECT_TRUE(set) << setting.path << ": " << set.error().message;
        EXPECT_EQ(value_text(setting, setting.slot(owner)), text) << setting.path;
    }
}

TEST(Settings, DialectsAreSpeltAsInCore) {
    const Setting* dialect = nullptr;
    for (const Setting* setting : settings_in("listeners[]")) {
        dialect = setting_key(*setting) == "dialect" ? setting : dialect;
    }
    ASSERT_NE(dialect, nullptr);
    for (std::size_t i = 0; i < dialect->choices.size(); ++i) {
        EXPECT_EQ(dialect->choices[i], dialect_name(static_cast<Dialect>(i)));
    }
}

TEST(Settings, SchemaSaysWhatTheTableSays) {
    const nlohmann::json schema = nlohmann::json::parse(settings_json_schema());
    EXPECT_EQ(schema["additionalProperties"], false);
    const nlohmann::json& listener = schema["properties"]["listeners"]["items"];
    EXPECT_EQ(listener["required"], nlohmann::json({"name", "transport", "address"}));
    EXPECT_EQ(listener["properties"]["limits"]["properties"]["idle_timeout"]["default"], "10m");
    EXPECT_EQ(schema["properties"]["ingest_threads"]["anyOf"][0]["maximum"], 64);
    EXPECT_EQ(schema["properties"]["classification"]["items"]["oneOf"].size(), 2U);
}

TEST(Settings, NearestIsNearEnoughToBeATypingMistake) {
    const std::string_view keys[] = {"listeners", "labels", "logs", "loki"};
    EXPECT_EQ(nearest("listners", keys), "listeners");
    EXPECT_EQ(nearest("lables", keys), "labels");
    EXPECT_EQ(nearest("prometheus", keys), "");
    EXPECT_EQ(nearest("", keys), "");
    EXPECT_EQ(nearest(std::string(100'000, 'l'), keys), "");
}

}  // namespace
}  // namespace weir
