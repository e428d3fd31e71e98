// What the admin port makes of requests that are not what they should be, and of too many.
#include "app/admin_http.h"

#include "tests/app/admin_port.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace weir {
namespace {

using namespace std::chrono_literals;

constexpr const char* get_status = "GET /s HTTP/1.1\r\nHost: localhost\r\n\r\n";

unsigned status_of(const AdminPort& port, const std::string& request) {
    AdminClient client(port);
    client.send(request);
    client.end_of_sending();
    return client.answer().result_int();
}

TEST(AdminHttp, HeadHasTheLengthAndNoBody) {
    AdminPort port(loopback_config());
    AdminClient client(port);
    client.send("HEAD /s HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const auto head = client.answer(true);
    EXPECT_EQ(head.result_int(), 200U);
    EXPECT_EQ(head[http::field::content_length], "13");
    client.send("HEAD /s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    const std::string rest = client.rest();
    EXPECT_TRUE(rest.ends_with("\r\n\r\n")) << rest;
}

TEST(AdminHttp, OnlyGetAndHead) {
    AdminPort port(loopback_config());
    for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "TRACE", "BREW"}) {
        AdminClient client(port);
        client.send(std::string(method) + " /s HTTP/1.1\r\nHost: localhost\r\n\r\n");
        const auto answer = client.answer();
        EXPECT_EQ(answer.result_int(), 405U) << method;
        EXPECT_EQ(answer[http::field::allow], "GET, HEAD");
    }
}

TEST(AdminHttp, PipelinedRequestsAreAnsweredInOrder) {
    AdminPort port(loopback_config());
    AdminClient client(port);
    std::string all;
    for (int i = 0; i < 500; ++i) {
        all += "GET /" + std::to_string(i) + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    }
    ASSERT_TRUE(client.send(all));
    for (int i = 0; i < 500; ++i) {
        ASSERT_EQ(client.answer().body(), "answer to /" + std::to_string(i) + "\n");
    }
}

TEST(AdminHttp, OldHttpIsAnsweredAndClosed) {
    AdminPort port(loopback_config());
    AdminClient client(port);
    client.send("GET /metrics HTTP/1.0\r\n\r\n");
    const std::string rest = client.rest();
    EXPECT_TRUE(rest.starts_with("HTTP/1.0 200 ")) << rest;
}

TEST(AdminHttp, WhatIsNoRequestIsToldSo) {
    AdminPort port(loopback_config());
    for (const std::string& garbage :
         {std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11), std::string("\0\0\0", 3),
          std::string("GET\r\n\r\n"), std::string("<13>Oct 11 22:14:15 host su: hello\n"),
          std::string("GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nHo")}) {
        EXPECT_EQ(status_of(port, garbage), 400U) << garbage;
    }
    EXPECT_EQ(port.status().refused.at("bad_request"), 10U);
}

TEST(AdminHttp, BodiesAndLongHeadsAreRefusedAndTheAnswerArrives) {
    AdminPort port(loopback_config());
    const std::string head = "GET / HTTP/1.1\r\nHost: localhost\r\n";
    EXPECT_EQ(status_of(port, head + "Content-Length: 9\r\n\r\nsomething"), 413U);
    EXPECT_EQ(status_of(port, head + "Content-Length: 99999999999\r\n\r\n"), 413U);
    EXPECT_EQ(status_of(port, head + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
              413U);
    EXPECT_EQ(status_of(port, head + "X: " + std::string(20'000, 'x') + "\r\n\r\n"), 431U);
    EXPECT_EQ(status_of(port, "GET /" + std::string(20'000, 'x') + " HTTP/1.1\r\n\r\n"), 431U);
    EXPECT_EQ(port.status().refused.at("too_large"), 5U);
}

TEST(AdminHttp, RandomBytesDoNoHarm) {
    AdminPort port(loopback_config());
    std::mt19937 random(7);  // NOLINT: the same bytes every time
    for (int i = 0; i < 200; ++i) {
        std::string bytes = i % 2 == 0 ? "GET / HTTP/1.1\r\nHost: localhost\r\n" : "";
        for (std::size_t n = random() % 300; n > 0; --n) {
            bytes += static_cast<char>(random());
        }
        AdminClient client(port);
        client.send(bytes);
        if (i % 3 != 0) {
            client.end_of_sending();
            static_cast<void>(client.rest());
        }
    }
    EXPECT_EQ(ask(port, "/s").result_int(), 200U);
}

TEST(AdminHttp, ASlowRequestIsEndedHoweverOftenAByteComes) {
    AdminPort port(loopback_config(), {.request = 300ms, .idle = 60s});
    AdminClient client(port);
    ASSERT_EQ(client.ask("/s").result_int(), 200U);
    ASSERT_TRUE(client.send("GET /s HTTP/1.1\r\nX: "));
    while (client.send("x")) {
        std::this_thread::sleep_for(10ms);
    }
    EXPECT_EQ(port.status().refused.at("timeout"), 1U);
}

TEST(AdminHttp, WhoNeverAsksOrNeverReadsIsSentAway) {
    AdminPort port(loopback_config(), {.request = 300ms, .idle = 60s}, [](const std::string&) {
        return AdminAnswer{.body = std::string(64UL * 1024 * 1024, 'x')};
    });
    AdminClient silent(port);
    AdminClient deaf(port);
    deaf.send(get_status);
    EXPECT_EQ(silent.rest(), "");
    port.wait_for([](const AdminStatus& status) { return status.connections == 0; });
    EXPECT_EQ(port.status().refused.at("timeout"), 1U) << "silence alone is no refusal";
}

TEST(AdminHttp, AnIdleConnectionEnds) {
    AdminPort port(loopback_config(), {.request = 60s, .idle = 200ms});
    AdminClient client(port);
    ASSERT_EQ(client.ask("/s").result_int(), 200U);
    EXPECT_EQ(client.rest(), "");
    EXPECT_EQ(port.status().refused.at("timeout"), 0U);
}

TEST(AdminHttp, AScrapeGetsInWhileAllPlacesAreIdle) {
    AdminPort port(loopback_config(), {.request = 60s, .idle = 600s});
    std::vector<std::unique_ptr<AdminClient>> idle;
    for (int i = 0; i < 64; ++i) {
        idle.push_back(std::make_unique<AdminClient>(port));
        ASSERT_EQ(idle.back()->ask("/s").result_int(), 200U);
    }
    EXPECT_EQ(port.status().connections, 64U);
    AdminClient scrape(port);
    EXPECT_EQ(scrape.ask("/metrics").result_int(), 200U);
    EXPECT_EQ(idle.front()->rest(), "") << "the oldest gives way";
    for (std::size_t i = 1; i < idle.size(); ++i) {
        EXPECT_EQ(idle[i]->ask("/s").result_int(), 200U) << i;
    }
    EXPECT_EQ(port.status().connections, 64U);
    EXPECT_EQ(port.status().refused.at("made_room"), 1U);
}

TEST(AdminHttp, HalfRequestsGiveWayToo) {
    AdminConfig config = loopback_config();
    config.connections_max = 8;
    AdminPort port(config, {.request = 600s, .idle = 600s});
    std::vector<std::unique_ptr<AdminClient>> slow;
    for (int i = 0; i < 8; ++i) {
        slow.push_back(std::make_unique<AdminClient>(port));
        slow.back()->send("GET /s HTTP/1.1\r\n");
    }
    port.wait_for([](const AdminStatus& status) { return status.connections == 8; });
    EXPECT_EQ(ask(port, "/metrics").result_int(), 200U);
}

TEST(AdminHttp, TheAddressThatHoldsMostGivesWayFirst) {
    AdminConfig config = loopback_config();
    config.connections_max = 8;
    AdminPort port(config, {.request = 600s, .idle = 600s});
    std::vector<std::unique_ptr<AdminClient>> quiet;
    for (int i = 0; i < 3; ++i) {
        quiet.push_back(std::make_unique<AdminClient>(port));
        ASSERT_EQ(quiet.back()->ask("/s").result_int(), 200U);
    }
    std::vector<std::unique_ptr<AdminClient>> greedy;
    for (int i = 0; i < 40; ++i) {
        greedy.push_back(std::make_unique<AdminClient>(port, "127.0.0.2"));
        greedy.back()->send("GET /s HTTP/1.1\r\n");
    }
    port.wait_for([](const AdminStatus& status) { return status.refused.at("made_room") == 35; });
    EXPECT_EQ(AdminClient(port, "127.0.0.3").ask("/metrics").result_int(), 200U);
    for (const auto& client : quiet) {
        EXPECT_EQ(client->ask("/s").result_int(), 200U);
    }
}

TEST(AdminHttp, ALowerLimitHoldsForNewcomers) {
    AdminPort port(loopback_config(), {.request = 60s, .idle = 600s});
    std::vector<std::unique_ptr<AdminClient>> idle;
    for (int i = 0; i < 10; ++i) {
        idle.push_back(std::make_unique<AdminClient>(port));
        ASSERT_EQ(idle.back()->ask("/s").result_int(), 200U);
    }
    port.on_thread([&port] { port.admin.set_connections_max(4); });
    EXPECT_EQ(port.status().connections, 10U);
    AdminClient newcomer(port);
    ASSERT_EQ(newcomer.ask("/s").result_int(), 200U);
    EXPECT_EQ(port.status().connections, 4U);
    EXPECT_EQ(port.status().connections_max, 4U);
}

}  // namespace
}  // namespace weir
