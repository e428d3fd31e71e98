// Names of interfaces: whatever comes in, a name that was spelt out stays as it is, what is behind
// the letters is never touched, and nothing grows by more than the longest port type.
#include "fuzz/record_checks.h"
#include "pipeline/interface_name.h"

#include <string>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    constexpr std::size_t growth_max = 32;
    const std::string_view name = weir::fuzz::as_text(data, size);
    std::string once = "left over";
    weir::normalise_interface(name, once);
    WEIR_ASSERT(once.size() <= size + growth_max);
    std::string twice;
    weir::normalise_interface(once, twice);
    WEIR_ASSERT(twice == once);
    if (once != name) {
        const std::size_t digit = once.find_first_of("0123456789");
        WEIR_ASSERT(digit != std::string::npos && digit > 0);
        WEIR_ASSERT(name.find(std::string_view(once).substr(digit)) != std::string_view::npos);
    }
    return 0;
}
