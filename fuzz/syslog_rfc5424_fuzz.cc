// RFC 5424 and its near misses: views inside, and the pinned reading is never a BSD header.
#include "fuzz/record_checks.h"
#include "parsers/syslog_rfc5424.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    weir::Record record;
    const weir::Rfc5424Result result = weir::read_rfc5424(input, true, record);
    weir::fuzz::check_record(input, record);
    weir::fuzz::check_inside(input, result.rest);
    weir::fuzz::check_inside(input, result.time_text);
    WEIR_ASSERT(result.reading != weir::Rfc5424Reading::none || record.msg.data() == nullptr);
    record.clear();
    const weir::Rfc5424Result pinned = weir::read_rfc5424(input, false, record);
    weir::fuzz::check_record(input, record);
    WEIR_ASSERT(pinned.reading != weir::Rfc5424Reading::bsd_rest);
    record.clear();
    if (!weir::read_rfc5424_fields(input, record)) {
        WEIR_ASSERT(record.hostname.data() == nullptr && record.msg.data() == nullptr);
    }
    weir::fuzz::check_record(input, record);
    return 0;
}
