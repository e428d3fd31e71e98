#include "parsers/mdt_message.h"

#include "parsers/mdt_json.h"
#include "parsers/mdt_kvgpb.h"

#include <algorithm>

namespace weir {

namespace {

constexpr std::string_view json_blanks = " \t\r\n";

std::size_t skip_blanks(std::string_view bytes, std::size_t from) {
    return std::min(bytes.find_first_not_of(json_blanks, from), bytes.size());
}

}  // namespace

bool is_mdt_json(std::string_view bytes) {
    const std::size_t brace = skip_blanks(bytes, 0);
    if (brace == bytes.size() || bytes[brace] != '{') {
        return false;
    }
    // 0x7B in front is no field of the message. Behind blanks it may be a length, and then a name
    // follows.
    const std::size_t next = skip_blanks(bytes, brace + 1);
    return brace == 0 || (next < bytes.size() && (bytes[next] == '"' || bytes[next] == '}'));
}

void read_mdt(std::string_view bytes, MdtBody body, const TelemetryLimits& limits,
              MdtScratch& scratch, TelemetryReader& reader) {
    if (body == MdtBody::json || (body == MdtBody::any && is_mdt_json(bytes))) {
        read_mdt_json(bytes, limits, scratch, reader);
    } else {
        read_mdt_kvgpb(bytes, limits, scratch, reader);
    }
}

}  // namespace weir
