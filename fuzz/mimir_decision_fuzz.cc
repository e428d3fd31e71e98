// Any status and any body, again and again about what is left of a batch: a decision that ends
// every sample in one way, after a bounded number of requests.
#include "core/assert.h"
#include "sinks/mimir_answer.h"
#include "sinks/mimir_decision.h"
#include "sinks/mimir_work.h"

#include <cstdint>
#include <string>

namespace {

constexpr std::uint32_t series_count = 40;

weir::BatchPtr make_batch() {
    static const std::string names = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
    weir::WriteRequest request;
    for (std::uint32_t i = 0; i < series_count; ++i) {
        request.series.push_back(
            {{{"__name__", std::string_view(names).substr(i, 2)}, {"device", "sw1"}},
             {{1.0, 1000}}});
    }
    return weir::to_batch(request, {});
}

// What the delivery does with it; true when the piece ended or fell into others.
bool carry_out(weir::MimirWork& work, const weir::MimirDecision& decision,
               const std::string& body) {
    switch (decision.action) {
        case weir::MimirAction::ok:
            work.delivered();
            return true;
        case weir::MimirAction::refused:
            if (decision.refused) {
                work.refused(*decision.refused, decision.reason);
            } else {
                work.find_refused(decision.reason, body);
            }
            return true;
        case weir::MimirAction::drop:
            work.drop(decision.reason);
            return true;
        case weir::MimirAction::split:
            work.piece().halved_undecodable = decision.reason == weir::Reason::undecodable;
            work.split(decision.reason);
            return true;
        default:
            return false;
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 3) {
        return 0;
    }
    weir::HttpResponse response;
    response.status = 100 + static_cast<unsigned>(data[0] | data[1] << 8) % 500;
    response.says_written = (data[2] & 1U) != 0;
    if ((data[2] & 2U) != 0) {
        response.samples_written = data[2] >> 2U;
    }
    response.body.assign(reinterpret_cast<const char*>(data) + 3, size - 3);
    const bool version_2 = (data[2] & 4U) != 0;
    weir::MimirWork work(make_batch());
    std::uint32_t requests = 0;
    while (!work.done()) {
        ++requests;
        WEIR_ASSERT(requests <= 2 * series_count + weir::MimirWork::requests_max);
        weir::MimirPiece& piece = work.piece();
        const weir::MimirRequestFacts sent{.samples = piece.samples,
                                           .series = piece.series,
                                           .version_2 = version_2,
                                           .rate_limited_before = piece.rate_limited,
                                           .halved_undecodable = piece.halved_undecodable};
        const weir::MimirDecision decision = weir::decide_mimir(response, sent);
        WEIR_ASSERT(!decision.refused || *decision.refused <= piece.samples);
        if (!carry_out(work, decision, response.body)) {
            return 0;  // the same is sent again, or nothing is
        }
    }
    WEIR_ASSERT(work.outcome().total() == series_count);
    return 0;
}
