// A message of which nothing is known: it is read one way, which depends on nothing but its bytes.
#include "fuzz/mdt_checks.h"
#include "parsers/mdt_message.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = weir::fuzz::as_text(data, size);
    const weir::TelemetryLimits limits;
    static weir::MdtScratch scratch;
    weir::fuzz::TelemetryChecks any(limits);
    weir::read_mdt(bytes, weir::MdtBody::any, limits, scratch, any);
    const bool json = weir::is_mdt_json(bytes);
    weir::fuzz::TelemetryChecks named(limits);
    weir::read_mdt(bytes, json ? weir::MdtBody::json : weir::MdtBody::gpb, limits, scratch, named);
    WEIR_ASSERT(any.digest == named.digest);
    return 0;
}
