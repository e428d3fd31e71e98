// The whole chain under every dialect: total, views inside the message, times in range, defects
// that agree with the fields, and the same answer the second time.
#include "fuzz/record_checks.h"
#include "parsers/syslog.h"

#include <array>

namespace {

constexpr std::array dialects = {weir::Dialect::any,     weir::Dialect::rfc5424,
                                 weir::Dialect::rfc3164, weir::Dialect::cisco,
                                 weir::Dialect::nutanix, weir::Dialect::raw};

void check_defects(const weir::Record& record) {
    using weir::Defect;
    const weir::Defects& defects = record.defects;
    const bool without_pri = defects.has(Defect::no_pri) || defects.has(Defect::bad_pri);
    WEIR_ASSERT(without_pri == (record.facility < 0));
    WEIR_ASSERT(defects.has(Defect::no_hostname) == (record.hostname.data() == nullptr));
    WEIR_ASSERT(defects.has(Defect::no_timestamp) == !record.timestamp.present);
    WEIR_ASSERT(defects.has(Defect::empty_message) ==
                (record.msg.data() == nullptr && record.structured_data.data() == nullptr));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    for (const weir::Dialect dialect : dialects) {
        weir::Record record;
        weir::parse_syslog(input, dialect, record);
        weir::fuzz::check_record(input, record);
        check_defects(record);
        weir::Record again;
        again.msg = input;
        weir::parse_syslog(input, dialect, again);
        WEIR_ASSERT(weir::fuzz::same_text(record.msg, again.msg));
        WEIR_ASSERT(weir::fuzz::same_text(record.hostname, again.hostname));
        WEIR_ASSERT(record.defects == again.defects);
    }
    return 0;
}
