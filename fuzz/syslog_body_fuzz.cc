// Facts of a body: views inside it, times in range, the format a known word.
#include "fuzz/record_checks.h"
#include "parsers/syslog_body.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    const weir::BodyFacts facts = weir::read_body(input);
    weir::fuzz::check_inside(input, facts.time_text);
    weir::fuzz::check_inside(input, facts.device);
    weir::fuzz::check_time(input, facts.time);
    WEIR_ASSERT(facts.format.data() != nullptr ||
                (facts.time_text.data() == nullptr && facts.device.data() == nullptr));
    WEIR_ASSERT(facts.format.size() <= 4);
    return 0;
}
