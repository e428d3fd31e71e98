#include "parsers/syslog_pri.h"

#include "parsers/syslog_text.h"

namespace weir {

using syslog_text::is_digit;

Pri scan_pri(std::string_view text) {
    if (text.size() < 2 || text[0] != '<' || !(is_digit(text[1]) || text[1] == '>')) {
        return {};
    }
    unsigned value = 0;
    std::size_t at = 1;
    while (at < text.size() && at < 4 && is_digit(text[at])) {
        value = value * 10 + static_cast<unsigned>(text[at] - '0');
        ++at;
    }
    // 191 is facility 23, severity 7; tokens like "<124198>" are text (Aruba message numbers).
    if (at == 1 || at >= text.size() || text[at] != '>' || value > 191) {
        return {.reading = PriReading::bad};
    }
    return {.reading = PriReading::ok,
            .facility = static_cast<std::uint8_t>(value / 8),
            .severity = static_cast<std::uint8_t>(value % 8),
            .length = at + 1};
}

}  // namespace weir
