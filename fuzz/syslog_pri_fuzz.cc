// PRI: never longer than "<191>", and what it says agrees with its digits.
#include "fuzz/record_checks.h"
#include "parsers/syslog_pri.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    const weir::Pri pri = weir::scan_pri(input);
    if (pri.reading != weir::PriReading::ok) {
        WEIR_ASSERT(pri.length == 0);
        return 0;
    }
    WEIR_ASSERT(pri.length >= 3 && pri.length <= 5 && pri.length <= size);
    WEIR_ASSERT(input[0] == '<' && input[pri.length - 1] == '>');
    unsigned value = 0;
    for (const char c : input.substr(1, pri.length - 2)) {
        value = value * 10 + static_cast<unsigned>(c - '0');
    }
    WEIR_ASSERT(value == pri.facility * 8U + pri.severity);
    return 0;
}
