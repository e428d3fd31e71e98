// MdtDialoutArgs: any bytes are read or refused, and what is read lies within them.
#include "fuzz/record_checks.h"
#include "parsers/mdt_dialout.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes = weir::fuzz::as_text(data, size);
    weir::MdtDialoutArgs args;
    const bool read = weir::read_mdt_dialout(bytes, args);
    weir::fuzz::check_inside(bytes, args.data);
    weir::fuzz::check_inside(bytes, args.errors);
    weir::MdtDialoutArgs again;
    WEIR_ASSERT(weir::read_mdt_dialout(bytes, again) == read);
    WEIR_ASSERT(again.req_id == args.req_id && again.total_size == args.total_size);
    return 0;
}
