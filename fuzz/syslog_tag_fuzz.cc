// Tags and hostnames: inside the text, bounded, never empty.
#include "fuzz/record_checks.h"
#include "parsers/syslog_tag.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    const weir::Tag tag = weir::scan_tag(input);
    weir::fuzz::check_inside(input, tag.name);
    weir::fuzz::check_inside(input, tag.proc_id);
    WEIR_ASSERT(tag.length <= size && tag.length <= 200);
    WEIR_ASSERT((tag.length > 0) == !tag.name.empty());
    WEIR_ASSERT(tag.proc_id.data() == nullptr || !tag.proc_id.empty());
    for (const char c : tag.name) {
        WEIR_ASSERT(c != ' ' && c != '\t' && c != '[' && c != '\0');
    }
    if (weir::is_hostname(input)) {
        WEIR_ASSERT(size <= 255 && input.find(' ') == std::string_view::npos);
        WEIR_ASSERT(!weir::is_level_word(input));
    }
    static_cast<void>(weir::is_address_literal(input));
    return 0;
}
