// UTF-8: the repaired text is always valid, valid text is left alone, and repairing twice changes
// nothing. Growth is bounded by three.
#include "fuzz/record_checks.h"
#include "parsers/utf8.h"

#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    std::string repaired;
    weir::append_valid_utf8(input, repaired);
    WEIR_ASSERT(weir::is_valid_utf8(repaired));
    WEIR_ASSERT(repaired.size() <= size * 3);
    WEIR_ASSERT(weir::is_valid_utf8(input) == (repaired == input));
    std::string again;
    weir::append_valid_utf8(repaired, again);
    WEIR_ASSERT(again == repaired);
    return 0;
}
