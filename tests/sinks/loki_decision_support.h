// An answer, a request it is to, and what is decided about it.
#pragma once

#include "sinks/loki_decision.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace weir::test {

inline constexpr Timestamp noon{1'700'000'000'000'000'000};  // 2023-11-14T22:13:20Z

inline HttpResponse answer(unsigned status, std::string body = "") {
    HttpResponse response;
    response.status = status;
    response.body = std::move(body);
    return response;
}

inline LokiRequestFacts facts() {
    return {1024 * 1024, 1000, 20, 0, noon};
}

inline LokiDecision decide(unsigned status, std::string body = "") {
    return decide_loki(answer(status, std::move(body)), facts());
}

inline void expect(const LokiDecision& decision, LokiAction action, Reason reason) {
    EXPECT_EQ(decision.action, action);
    EXPECT_EQ(reason_name(decision.reason), reason_name(reason));
}

inline Timestamp at(std::int64_t seconds_after_noon) {
    return {noon.unix_ns + seconds_after_noon * ns_per_s};
}

}  // namespace weir::test
