#include "app/config_print.h"

#include "app/check_command.h"
#include "app/config_seal.h"
#include "tests/app/config_support.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <unistd.h>

namespace weir {
namespace {

const std::string example_file = std::string(WEIR_SOURCE_DIR) + "/packaging/examples/weir.yaml";

// Printing, reading and printing again must not change a thing.
void expect_round_trip(const Config& config) {
    const std::string printed = print_config(config);
    const ConfigOutcome again = load_config(printed, "f", with_variables({}));
    ASSERT_EQ(problems_of(again), "") << printed;
    EXPECT_EQ(print_config(*again.config), printed);
    EXPECT_EQ(sealed_changes(config, *again.config), std::vector<std::string>{});
}

TEST(ConfigPrint, DefaultsReadBack) {
    expect_round_trip(default_config());
    EXPECT_NE(print_config(default_config()).find("\ndrain_timeout: 20s\n"), std::string::npos);
}

TEST(ConfigPrint, ExampleLoadsWithoutAProblemAndReadsBack) {
    const ConfigOutcome outcome = load_config_file(example_file, with_variables({}));
    EXPECT_EQ(problems_of(outcome), "");
    ASSERT_TRUE(outcome.config);
    EXPECT_EQ(outcome.config->listeners.size(), 4U);
    EXPECT_EQ(outcome.config->loki.size(), 2U);
    EXPECT_EQ(outcome.config->sha256.size(), 64U);
    EXPECT_EQ(outcome.config->path, example_file);
    expect_round_trip(*outcome.config);
}

TEST(ConfigPrint, OddTextReadsBack) {
    Config config = default_config();
    config.labels = {{"a", "$${X} ${Y} \"q\" \\ $"},
                     {"b", "null"},
                     {"c", "12"},
                     {"d", "tr\x01ue"},
                     {"e", " x "},
                     {"f", "- a"},
                     {"g", "Yes"},
                     {"h", "\xc3\xa4"}};
    const ConfigOutcome again = load_config(print_config(config), "f", with_variables({}));
    ASSERT_EQ(problems_of(again), "");
    EXPECT_EQ(again.config->labels, config.labels);
}

TEST(ConfigPrint, LeavesOutWhatDoesNothing) {
    const std::string printed = print_config(default_config());
    EXPECT_EQ(printed.find("handshakes_max"), std::string::npos);
    EXPECT_EQ(printed.find("loki"), std::string::npos);
    EXPECT_EQ(printed.find("tls"), std::string::npos);
}

class CheckCommand : public testing::Test {
  protected:
    void SetUp() override {
        folder_ = testing::TempDir() + "weir_check_test_" + std::to_string(getpid());
        std::filesystem::create_directories(folder_);
        file_ = folder_ + "/weir.yaml";
    }

    void TearDown() override { std::filesystem::remove_all(folder_); }

    int check(const std::string& text, bool print = false) {
        std::ofstream(file_) << text;
        std::ostringstream out;
        std::ostringstream messages;
        const int status = run_check_command({.file = file_, .print = print}, out, messages);
        out_ = out.str();
        messages_ = messages.str();
        return status;
    }

    std::string folder_;
    std::string file_;
    std::string out_;
    std::string messages_;
};

TEST_F(CheckCommand, SaysOkWithASummary) {
    EXPECT_EQ(check("loki: [{name: a, url: \"http://h\"}]\n"), 0);
    EXPECT_EQ(messages_, file_ +
                             ": ok (4 listeners, 0 classification entries, 0 rules, "
                             "1 Loki endpoint)\n");
    EXPECT_EQ(out_, "");
}

TEST_F(CheckCommand, NamesEveryErrorAndFails) {
    EXPECT_EQ(check("a: 1\nb: 2\n", true), 1);
    EXPECT_NE(messages_.find(file_ + ":1: a: unknown key"), std::string::npos);
    EXPECT_NE(messages_.find(file_ + ":2: b: unknown key"), std::string::npos);
    EXPECT_NE(messages_.find(file_ + ": 2 errors\n"), std::string::npos);
    EXPECT_EQ(out_, "");
}

TEST_F(CheckCommand, WarnsOfFilesThatCanNotBeRead) {
    EXPECT_EQ(check("listeners:\n- name: a\n  transport: tls\n  address: \"[::]:1\"\n"
                    "  tls:\n    certificate: /nonexistent/a\n    key: " +
                    file_ + "\n    client_ca: /nonexistent/b\n"),
              0);
    EXPECT_NE(messages_.find(file_ + ":6: warning: listeners[0].tls.certificate: "
                                     "\"/nonexistent/a\" can not be read from here\n"),
              std::string::npos);
    EXPECT_NE(messages_.find(":8: warning: listeners[0].tls.client_ca: "), std::string::npos);
    EXPECT_EQ(messages_.find("tls.key"), std::string::npos);
}

TEST_F(CheckCommand, WarnsOfWhatDoesNothingAndOfCredentialsInTheClear) {
    EXPECT_EQ(check("listeners: [{name: a, transport: udp, address: \"[::]:1\", "
                    "limits: {connections_max: 5}}]\n"
                    "loki: [{name: a, url: \"http://h/\", bearer_token_file: " +
                    file_ + "}]\n"),
              0);
    EXPECT_NE(messages_.find(":1: warning: listeners[0].limits.connections_max: does nothing with "
                             "transport: udp\n"),
              std::string::npos);
    EXPECT_NE(messages_.find(":2: warning: loki[0].url: sends credentials without TLS\n"),
              std::string::npos);
}

TEST_F(CheckCommand, WarnsOfAnAdminTokenThatIsNoneOrGoesInTheClear) {
    // The file is the configuration itself, which has spaces in it.
    EXPECT_EQ(check("admin:\n  address: \"[::]:1\"\n  token_file: " + file_ + "\n"), 0);
    EXPECT_NE(messages_.find(":2: warning: admin.address: is beyond loopback without admin.tls: "
                             "the token can be read on its way\n"),
              std::string::npos)
        << messages_;
    EXPECT_NE(messages_.find(":3: warning: admin.token_file: " + file_ + " holds a space"),
              std::string::npos)
        << messages_;
    EXPECT_EQ(check("admin:\n  address: \"[::]:1\"\n"), 1);
    EXPECT_NE(messages_.find(":2: admin.address: is beyond loopback: set admin.token_file"),
              std::string::npos)
        << messages_;
}

TEST_F(CheckCommand, PrintsTheEffectiveConfiguration) {
    EXPECT_EQ(check("cluster: here\n", true), 0);
    EXPECT_EQ(out_.substr(0, out_.find('\n')), "cluster: here");
    EXPECT_NE(out_.find("  - name: syslog-udp\n    protocol: syslog\n"), std::string::npos);
}

}  // namespace
}  // namespace weir
