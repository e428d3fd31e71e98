// Structured data: what the scanner accepts, the walker walks to the same end, and every part of it
// lies inside. Values shrink when their escapes are resolved.
#include "fuzz/record_checks.h"
#include "parsers/syslog_structured_data.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    const weir::StructuredDataScan scan = weir::scan_structured_data(input);
    WEIR_ASSERT(scan.length <= size);
    if (scan.length == 0) {
        return 0;
    }
    WEIR_ASSERT(input[0] == '[' && input[scan.length - 1] == ']');
    const std::string_view text = input.substr(0, scan.length);
    std::string_view rest = text;
    weir::SdElement element;
    while (weir::next_sd_element(rest, element)) {
        weir::fuzz::check_inside(text, element.id);
        WEIR_ASSERT(!element.id.empty());
        std::string_view params = element.params;
        weir::SdParam param;
        while (weir::next_sd_param(params, param)) {
            weir::fuzz::check_inside(text, param.name);
            weir::fuzz::check_inside(text, param.raw_value);
            WEIR_ASSERT(!param.name.empty());
            std::string value;
            weir::append_sd_value(param.raw_value, value);
            WEIR_ASSERT(value.size() <= param.raw_value.size());
        }
        WEIR_ASSERT(params.empty());
    }
    WEIR_ASSERT(rest.empty());
    const weir::StructuredDataScan again = weir::scan_structured_data(text);
    WEIR_ASSERT(again.length == scan.length && again.strict == scan.strict);
    return 0;
}
