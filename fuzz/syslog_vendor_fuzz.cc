// Vendor words: a reader that says no stores nothing, one that says yes stores views inside.
#include "fuzz/record_checks.h"
#include "parsers/syslog_vendor.h"

namespace {

void check_untouched(const weir::Record& record) {
    WEIR_ASSERT(record.hostname.data() == nullptr && record.app_name.data() == nullptr);
    WEIR_ASSERT(record.msg.data() == nullptr && record.begin_extras() == record.end_extras());
}

template <typename Reader>
void check_reader(std::string_view input, Reader read) {
    weir::Record record;
    if (!read(input, record)) {
        check_untouched(record);
    }
    weir::fuzz::check_record(input, record);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    check_reader(input, weir::read_unifi_host);
    check_reader(input, weir::read_category);
    check_reader(input, weir::read_slash_mnemonic);
    check_reader(input, [](std::string_view text, weir::Record& record) {
        return weir::read_aix_forward(text, record) > 0;
    });
    if (!input.empty() && input[0] == '[') {
        check_reader(input, weir::read_netapp_header);
    }
    weir::Record record;
    weir::fuzz::check_inside(input, weir::take_vendor_words(input, record));
    weir::read_vendor_event(input, record);
    weir::read_vendor_time_in_text(input, record);
    weir::fuzz::check_record(input, record);
    return 0;
}
