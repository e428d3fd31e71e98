// Any WriteRequest rewritten to remote write 2.0 says the same: series by series, sample by sample,
// to the bit.
#include "core/assert.h"
#include "pipeline/remote_write_v2.h"
#include "tests/support/remote_write_v2_reader.h"

#include <algorithm>
#include <cstdint>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    auto request =
        weir::decode_write_request_raw(std::string(reinterpret_cast<const char*>(data), size));
    if (!request) {
        return 0;
    }
    std::erase_if(request->series,
                  [](const weir::WrittenSeries& series) { return series.samples.empty(); });
    const std::string raw = weir::encode_write_request_v2_raw(*request);
    const weir::V2Request read = weir::read_v2(raw);
    WEIR_ASSERT(read.symbols.front().empty());
    WEIR_ASSERT(read.series.size() == request->series.size());
    for (std::size_t i = 0; i < read.series.size(); ++i) {
        WEIR_ASSERT(read.series[i].series == request->series[i]);
        const std::string_view name = request->series[i].name();
        const bool described =
            std::any_of(request->metadata.begin(), request->metadata.end(),
                        [name](const weir::FamilyMetadata& it) { return it.family == name; });
        WEIR_ASSERT(read.series[i].has_metadata == described);
    }
    return 0;
}
