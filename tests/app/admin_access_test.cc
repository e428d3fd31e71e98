// Who gets in at the admin port: tokens, host names, and files that are no tokens.
#include "app/admin_access.h"

#include "tests/app/admin_port.h"
#include "tests/support/temp_dir.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace weir {
namespace {

constexpr const char* token = "correct-horse-battery";

class AdminAccessTest : public testing::Test {
  protected:
    void write_token(const std::string& content) {
        std::ofstream(path_, std::ios::trunc) << content;
    }

    AdminConfig with_token() {
        AdminConfig config = loopback_config();
        config.token_file = path_;
        return config;
    }

    test::TempDir folder_;
    std::string path_ = folder_.path() + "/token";
};

TEST_F(AdminAccessTest, LoopbackWithoutATokenIsOpen) {
    AdminPort port(loopback_config());
    const auto answer = ask(port, "/api/v1/status?x=y");
    EXPECT_EQ(answer.result_int(), 200U);
    EXPECT_EQ(answer.body(), "answer to /api/v1/status\n");
    EXPECT_EQ(ask(port, "/none").result_int(), 404U);
}

TEST_F(AdminAccessTest, HealthAndMetricsNeedNoTokenAndAllElseDoes) {
    write_token(std::string(token) + "\n");
    AdminPort port(with_token());
    ASSERT_TRUE(port.started) << port.started.error().message;
    for (const char* open : {"/-/healthy", "/-/ready", "/metrics", "/metrics?name=x"}) {
        EXPECT_EQ(ask(port, open).result_int(), 200U) << open;
    }
    for (const char* closed : {"/", "/api/v1/status", "/none", "/metrics/", "//metrics", "/METRICS",
                               "/%6detrics", "/metrics/../api/v1/status", "/api/v1/status?/metrics",
                               "/metrics%3f", "*", "http://127.0.0.1/api/v1/status"}) {
        const auto answer = ask(port, closed);
        EXPECT_EQ(answer.result_int(), 401U) << closed;
        EXPECT_EQ(answer[http::field::www_authenticate], "Bearer realm=\"weir\"") << closed;
        EXPECT_FALSE(answer.keep_alive()) << closed;
    }
    EXPECT_EQ(ask(port, "/api/v1/status", bearer(token)).result_int(), 200U);
    EXPECT_EQ(ask(port, "/api/v1/status", std::string("authorization: bEARER  ") + token + "\r\n")
                  .result_int(),
              200U);
}

TEST_F(AdminAccessTest, WrongTokensAreRefusedCountedAndTold) {
    write_token(token);
    AdminPort port(with_token());
    const std::string right = token;
    for (const std::string& wrong :
         {right.substr(0, right.size() - 1), right + "x", std::string(right.size(), 'x'),
          std::string("x"), right + " x"}) {
        EXPECT_EQ(ask(port, "/", bearer(wrong)).result_int(), 401U) << wrong;
    }
    for (const char* header : {"Authorization: Bearer\r\n", "Authorization: Basic dTpw\r\n",
                               "Authorization: correct-horse-battery\r\n"}) {
        EXPECT_EQ(ask(port, "/", header).result_int(), 401U) << header;
    }
    EXPECT_EQ(ask(port, "/api/v1/status").result_int(), 401U);
    const AdminStatus status = port.status();
    EXPECT_EQ(status.refused.at("token_wrong"), 8U);
    EXPECT_EQ(status.refused.at("token_missing"), 1U);
    const std::string told = port.events.details(EventId::admin_refused);
    EXPECT_NE(told.find("127.0.0.1: token_missing: /api/v1/status"), std::string::npos) << told;
    EXPECT_EQ(told.find(token), std::string::npos) << "the log tells the token";
}

TEST_F(AdminAccessTest, ATokenFileThatIsNoneStopsTheStart) {
    const std::pair<std::string, std::string> cases[] = {
        {"", "is empty"},
        {"\n", "is empty"},
        {"fifteen-letters\n", "holds a token shorter than 16 characters"},
        {"two words, not one token\n", "holds a space"},
        {"first-line-is-long\nsecond-line-is-too\n", "holds a space"},
        {std::string(1025, 'x'), "holds a token longer than 1024 characters"}};
    for (const auto& [content, complaint] : cases) {
        write_token(content);
        AdminPort port(with_token());
        ASSERT_FALSE(port.started) << content;
        const std::string& message = port.started.error().message;
        EXPECT_NE(message.find("admin.token_file"), std::string::npos) << message;
        EXPECT_NE(message.find(path_), std::string::npos) << message;
        EXPECT_NE(message.find(complaint), std::string::npos) << message;
    }
    std::filesystem::remove(path_);
    AdminPort port(with_token());
    ASSERT_FALSE(port.started);
    EXPECT_NE(port.started.error().message.find(path_), std::string::npos);
}

TEST_F(AdminAccessTest, ANewTokenHoldsAtOnceAndABadOneChangesNothing) {
    write_token(token);
    AdminPort port(with_token());
    const auto reload = [&port] { port.on_thread([&port] { port.admin.reload_token(); }); };
    AdminClient client(port);
    EXPECT_EQ(client.ask("/", bearer(token)).result_int(), 200U);
    write_token("another-horse-altogether");
    reload();
    EXPECT_EQ(client.ask("/", bearer(token)).result_int(), 401U) << "on an open connection too";
    EXPECT_EQ(ask(port, "/", bearer("another-horse-altogether")).result_int(), 200U);
    write_token("short");
    reload();
    EXPECT_EQ(ask(port, "/", bearer("another-horse-altogether")).result_int(), 200U);
    EXPECT_EQ(ask(port, "/", bearer("short")).result_int(), 401U);
    EXPECT_EQ(port.events.details(EventId::admin_token_reloaded), path_ + "\n");
    const std::string refused = port.events.details(EventId::admin_token_refused);
    EXPECT_NE(refused.find("shorter than 16 characters; the old token stays"), refused.npos)
        << refused;
}

TEST_F(AdminAccessTest, ANameThatIsNotThisMachinesIsRefusedOnAnOpenPort) {
    AdminPort port(loopback_config());
    const auto with_host = [&port](const std::string& path, const std::string& host) {
        AdminClient client(port);
        client.send("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n");
        return client.answer().result_int();
    };
    for (const char* local : {"localhost", "LocalHost:12345", "127.0.0.1", "127.0.0.1:1", "[::1]",
                              "[::1]:12345", "192.0.2.1:80"}) {
        EXPECT_EQ(with_host("/", local), 200U) << local;
    }
    for (const char* foreign : {"evil.example", "localhost.evil.example:12345", "evil.example:80",
                                "127.0.0.1.evil.example", "", ":80"}) {
        EXPECT_EQ(with_host("/", foreign), 421U) << foreign;
        EXPECT_EQ(with_host("/metrics", foreign), 200U) << foreign;
    }
    write_token(token);
    AdminPort guarded(with_token());
    AdminClient client(guarded);
    client.send(std::string("GET / HTTP/1.1\r\nHost: weir.example\r\n") + bearer(token) + "\r\n");
    EXPECT_EQ(client.answer().result_int(), 200U);
}

}  // namespace
}  // namespace weir
