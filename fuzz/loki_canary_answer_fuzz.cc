// Any answer to the canary's question: words of refusal, or a bounded number of lines that are
// written as they were read.
#include "core/assert.h"
#include "sinks/loki_canary_answer.h"

#include <cstdint>
#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::string_view run = "00ff";
    const std::string_view body(reinterpret_cast<const char*>(data), size);
    const auto lines = weir::read_canary_answer(body, run);
    if (lines) {
        WEIR_ASSERT(lines->size() <= weir::canary_query_lines_max);
    } else {
        WEIR_ASSERT(!lines.error().message.empty());
    }
    if (const auto line = weir::read_canary_text(body, run)) {
        WEIR_ASSERT(weir::canary_text(run, *line) == body);
    }
    return 0;
}
