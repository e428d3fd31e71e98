// Any status and any body: a decision whose repairs leave every entry of a request in exactly one
// place, with nothing unbounded in it.
#include "core/assert.h"
#include "sinks/loki_decision.h"
#include "sinks/loki_work.h"

#include <cstdint>
#include <string>

namespace {

constexpr weir::Timestamp now{1'700'000'000'000'000'000};

weir::LokiPush request() {
    weir::LokiPush push;
    for (const char* labels : {R"({a="1"})", R"({a="2", b="x"})"}) {
        weir::LokiStream stream{labels, {}};
        for (std::int64_t i = 0; i < 8; ++i) {
            const std::int64_t shift = (i - 4) * 3600 * weir::ns_per_s;
            stream.entries.push_back({{now.unix_ns + shift},
                                      std::string(static_cast<std::size_t>(1) << i, 'x'),
                                      {{"name", std::string(static_cast<std::size_t>(i), 'v')}}});
        }
        push.streams.push_back(std::move(stream));
    }
    return push;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    weir::HttpResponse response;
    response.status = 100 + static_cast<unsigned>(data[0] | data[1] << 8) % 500;
    response.body.assign(reinterpret_cast<const char*>(data) + 2, size - 2);
    const weir::LokiPush push = request();
    const weir::LokiRequestFacts sent{1024 * 1024, push.records(), 2, 1, now};
    const weir::LokiDecision decision = weir::decide_loki(response, sent);
    WEIR_ASSERT((decision.action == weir::LokiAction::repair) == !decision.repairs.empty());
    WEIR_ASSERT(decision.streams.size() <= 2 * weir::complaint_streams_max);
    const weir::RepairContext context{now, 0, "replay", "1"};
    const weir::RepairedPush parts = weir::apply_repairs(push, decision.repairs, context);
    // The same refusal finds nothing left to repair, so that there is an end to it.
    const weir::RepairContext later{now, parts.applied, "replay", "1", true};
    const weir::RepairedPush again = weir::apply_repairs(parts.changed, decision.repairs, later);
    WEIR_ASSERT(again.changed.records() == 0 && again.replay.records() == 0);
    std::uint32_t records = parts.changed.records() + parts.replay.records() + parts.rest.records();
    for (const auto& [reason, ended] : parts.ended) {
        records += ended.records();
    }
    WEIR_ASSERT(records == push.records());
    for (const std::string& named : decision.streams) {
        static_cast<void>(weir::same_stream(push.streams[0].labels, named));
    }
    return 0;
}
