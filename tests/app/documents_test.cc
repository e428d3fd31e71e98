// What the documents tell people to write is what weir takes.
#include "tests/app/config_support.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace weir {

namespace {

std::string read_document(const std::string& name) {
    std::ifstream file(std::string(WEIR_SOURCE_DIR) + "/" + name);
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

// The YAML blocks that are weir's configuration, not another program's.
std::vector<std::string> configurations_in(const std::string& document) {
    const std::string opening = "```yaml\n";
    std::vector<std::string> found;
    std::size_t at = document.find(opening);
    while (at != std::string::npos) {
        const std::size_t start = at + opening.size();
        const std::size_t end = document.find("```", start);
        const std::string block = document.substr(start, end - start);
        if (!block.starts_with("apiVersion:") && !block.starts_with("groups:")) {
            found.push_back(block);
        }
        at = document.find(opening, end);
    }
    return found;
}

void expect_good(const std::string& name, const std::vector<std::string>& configurations) {
    for (const std::string& text : configurations) {
        const ConfigOutcome outcome = load_config(text, name, with_variables({}));
        EXPECT_EQ(problems_of(outcome), "") << name << " says:\n" << text;
    }
}

}  // namespace

TEST(Documents, ReadmeShowsAConfigurationThatIsTaken) {
    const std::vector<std::string> shown = configurations_in(read_document("README.md"));
    ASSERT_EQ(shown.size(), 2U);  // the admin port, and a whole one
    expect_good("README.md", shown);
    const ConfigOutcome outcome = load_config(shown.back(), "README.md", with_variables({}));
    ASSERT_TRUE(outcome.config.has_value());
    EXPECT_EQ(outcome.config->loki.size(), 2U);
    EXPECT_EQ(outcome.config->classification.size(), 3U);
}

TEST(Documents, LabelsShowConfigurationsThatAreTaken) {
    const std::vector<std::string> shown = configurations_in(read_document("docs/labels.md"));
    ASSERT_FALSE(shown.empty());
    expect_good("docs/labels.md", shown);
}

TEST(Documents, DeliveryShowsAConfigurationThatIsTaken) {
    const std::vector<std::string> shown = configurations_in(read_document("docs/delivery.md"));
    ASSERT_EQ(shown.size(), 1U);  // with a canary
    expect_good("docs/delivery.md", shown);
}

TEST(Documents, TelemetryShowsConfigurationsThatAreTaken) {
    for (const char* name : {"docs/telemetry.md", "docs/telemetry_models.md"}) {
        const std::vector<std::string> shown = configurations_in(read_document(name));
        ASSERT_FALSE(shown.empty()) << name;
        expect_good(name, shown);
    }
}

TEST(Documents, OnlyOurOwnYamlIsLookedAt) {
    EXPECT_EQ(configurations_in("```yaml\ngroups: []\n```\ntext\n```yaml\nlabels: {}\n```\n"),
              std::vector<std::string>{"labels: {}\n"});
}

}  // namespace weir
