// ISE part headers: numbers that agree with each other, text a tail of the message.
#include "fuzz/record_checks.h"
#include "parsers/ise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view input = weir::fuzz::as_text(data, size);
    weir::Record record;
    record.app_name = "CISE_Passed_Authentications";
    record.msg = input;
    const weir::IsePart part = weir::read_ise_part(record);
    if (!part.present) {
        return 0;
    }
    weir::fuzz::check_inside(input, part.id);
    weir::fuzz::check_inside(input, part.text);
    WEIR_ASSERT(!part.id.empty() && part.id.size() <= 20);
    WEIR_ASSERT(part.total >= 1 && part.index < part.total);
    WEIR_ASSERT(part.text.data() + part.text.size() == input.data() + input.size());
    record.app_name = "sshd";
    WEIR_ASSERT(!weir::read_ise_part(record).present);
    return 0;
}
