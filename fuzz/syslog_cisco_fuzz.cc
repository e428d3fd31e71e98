// Cisco headers: every part inside the text, the rest a tail of it, mnemonics made of their parts.
#include "fuzz/record_checks.h"
#include "parsers/syslog_cisco.h"

namespace {

void check_header(std::string_view input, weir::CiscoPlace place) {
    weir::CiscoHeader header;
    if (!weir::scan_cisco_header(input, place, header)) {
        return;
    }
    for (const std::string_view part :
         {header.counter, header.sequence, header.hostname, header.structured_data, header.task,
          header.node, header.time_text, header.rest}) {
        weir::fuzz::check_inside(input, part);
    }
    WEIR_ASSERT(header.rest.data() + header.rest.size() == input.data() + input.size());
    weir::fuzz::check_time(input, header.time);
    weir::Record record;
    weir::apply_cisco_header(header, place, input.substr(0, 1), record);
    weir::fuzz::check_time(input, record.timestamp);
    weir::fuzz::check_inside(input, record.msg);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    check_header(input, weir::CiscoPlace::line_start);
    check_header(input, weir::CiscoPlace::behind_header);
    const weir::CiscoMnemonic mnemonic = weir::scan_cisco_mnemonic(input);
    if (mnemonic.id.data() != nullptr) {
        WEIR_ASSERT(mnemonic.severity.size() == 1 && mnemonic.severity[0] <= 'W');
        WEIR_ASSERT(!mnemonic.facility.empty() && !mnemonic.mnemonic.empty());
        WEIR_ASSERT(mnemonic.facility.size() + mnemonic.mnemonic.size() + 3 <= mnemonic.id.size());
    }
    weir::Record record;
    weir::read_cisco_tail(input, record);
    weir::fuzz::check_record(input, record);
    return 0;
}
