// What the tests of a Loki endpoint under refusals share: scripted answers, and what was sent.
#pragma once

#include "tests/sinks/endpoint_harness.h"
#include "tests/sinks/fake_server.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace weir::test {

inline LokiPush decoded(const FakeRequest& request) {
    Result<LokiPush> push = decode_loki_push(request.body);
    EXPECT_TRUE(push);
    return push ? std::move(*push) : LokiPush{};
}

inline FakeAnswer refusal(unsigned status, std::string body) {
    FakeAnswer answer;
    answer.status = status;
    answer.body = std::move(body);
    return answer;
}

inline std::vector<std::string> lines_of(const LokiPush& push) {
    std::vector<std::string> lines;
    for (const LokiStream& stream : push.streams) {
        for (const LokiEntry& entry : stream.entries) {
            lines.push_back(entry.line);
        }
    }
    return lines;
}

inline std::string metadata_of(const LokiEntry& entry, const std::string& name) {
    for (const LokiMetadata& pair : entry.metadata) {
        if (pair.name == name) {
            return pair.value;
        }
    }
    return "none";
}

inline LokiPush both(LokiPush one, const LokiPush& other) {
    one.streams.insert(one.streams.end(), other.streams.begin(), other.streams.end());
    return one;
}

struct AnsweredLoki : testing::Test, EndpointHarness {
    // Runs one push against the answers and waits until it is settled.
    void run(const LokiPush& push, FakeServer& server) {
        append(push);
        start(server.url());
        ASSERT_TRUE(settled());
    }

    [[nodiscard]] std::uint64_t delivered() const { return cursor.ledger().delivered; }
};

}  // namespace weir::test
