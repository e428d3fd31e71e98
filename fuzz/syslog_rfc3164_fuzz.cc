// The BSD header behind its time, for each set of vendors: the message is a tail of the text.
#include "fuzz/record_checks.h"
#include "parsers/syslog_rfc3164.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    for (const weir::BsdVendors vendors :
         {weir::BsdVendors::none, weir::BsdVendors::cisco, weir::BsdVendors::all}) {
        weir::Record record;
        weir::read_bsd_header(input, {vendors, input.substr(0, size / 2)}, record);
        weir::fuzz::check_record(input, record);
        const char* const end = record.msg.data() + record.msg.size();
        WEIR_ASSERT(record.msg.data() == nullptr || end == input.data() + input.size());
    }
    weir::Record record;
    if (!weir::read_bsd_tag_only(input, true, record)) {
        WEIR_ASSERT(record.app_name.data() == nullptr && record.msg.data() == nullptr);
    }
    weir::fuzz::check_record(input, record);
    return 0;
}
