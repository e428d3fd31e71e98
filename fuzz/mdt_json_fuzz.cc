// Telemetry as JSON: any bytes give rows within the contract, and the same again with used memory.
#include "fuzz/mdt_checks.h"
#include "parsers/mdt_json.h"

#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const weir::TelemetryLimits limits{.depth_max = 1U + data[0] % 40U,
                                       .row_fields_max = 1U + data[1] * 4U};
    // A copy that ends where the message does: nothing behind it may be read.
    const std::vector<char> bytes(data + 2, data + size);
    static weir::MdtScratch scratch;
    weir::fuzz::TelemetryChecks first(limits);
    weir::read_mdt_json({bytes.data(), bytes.size()}, limits, scratch, first);
    weir::fuzz::TelemetryChecks second(limits);
    weir::read_mdt_json({bytes.data(), bytes.size()}, limits, scratch, second);
    WEIR_ASSERT(first.digest == second.digest && first.defects == second.defects);
    return 0;
}
