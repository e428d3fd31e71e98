// kvGPB: any bytes give rows within the contract; the same bytes with the same memory give the same
// rows; cut off, they give no more rows than whole.
#include "fuzz/mdt_checks.h"
#include "parsers/mdt_kvgpb.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 2) {
        return 0;
    }
    const weir::TelemetryLimits limits{.depth_max = 1U + data[0] % 40U,
                                       .row_fields_max = 1U + data[1] * 4U};
    const std::string_view bytes = weir::fuzz::as_text(data, size).substr(2);
    static weir::MdtScratch scratch;
    weir::fuzz::TelemetryChecks first(limits);
    weir::read_mdt_kvgpb(bytes, limits, scratch, first);
    weir::fuzz::TelemetryChecks second(limits);
    weir::read_mdt_kvgpb(bytes, limits, scratch, second);
    WEIR_ASSERT(first.digest == second.digest && first.defects == second.defects);
    weir::fuzz::TelemetryChecks cut(limits);
    weir::read_mdt_kvgpb(bytes.substr(0, bytes.size() * 3 / 4), limits, scratch, cut);
    WEIR_ASSERT(cut.rows <= first.rows || !first.named);  // a later field may take the path away
    return 0;
}
