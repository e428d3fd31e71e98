// Any bytes as a frozen batch and as a bare WriteRequest: a value or an error, and what was decoded
// encodes and decodes to itself, also in halves and through the appenders that ingest uses.
#include "core/assert.h"
#include "pipeline/remote_write.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace {

void check_appended(const weir::WriteRequest& request) {
    weir::WireBuffer labels;
    weir::WireBuffer raw;
    for (const weir::WrittenSeries& series : request.series) {
        labels.clear();
        for (const weir::MetricLabel& label : series.labels) {
            weir::append_series_label(label.name, label.value, labels);
        }
        const weir::SeriesSample& sample = series.samples.front();
        weir::append_series(labels.view(), sample.value, sample.timestamp_ms, raw);
    }
    const auto again = weir::decode_write_request_raw(std::string(raw.view()));
    WEIR_ASSERT(again && again->series.size() == request.series.size());
    for (std::size_t i = 0; i < request.series.size(); ++i) {
        WEIR_ASSERT(again->series[i].labels == request.series[i].labels);
        WEIR_ASSERT(again->series[i].samples.front() == request.series[i].samples.front());
    }
}

void check(weir::Result<weir::WriteRequest> decoded) {
    if (!decoded) {
        WEIR_ASSERT(!decoded.error().message.empty());
        return;
    }
    // Series without samples are not sent again.
    std::erase_if(decoded->series,
                  [](const weir::WrittenSeries& series) { return series.samples.empty(); });
    const std::string raw = weir::encode_write_request_raw(*decoded);
    const weir::Result<weir::WriteRequest> again = weir::decode_write_request_raw(raw);
    WEIR_ASSERT(again && *again == *decoded);
    WEIR_ASSERT(weir::encode_write_request_raw(*again) == raw);
    WEIR_ASSERT(weir::to_batch(*again, {})->records == decoded->samples());
    const weir::WriteRequestPair halves = weir::split_by_series(*again);
    WEIR_ASSERT(halves.first.samples() + halves.second.samples() == decoded->samples());
    WEIR_ASSERT(decoded->series.size() < 2 || !halves.second.series.empty());
    check_appended(*decoded);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check(weir::decode_write_request(bytes));
    check(weir::decode_write_request_raw(std::string(bytes)));
    return 0;
}
