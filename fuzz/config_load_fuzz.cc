// Any text is a configuration or a bounded list of problems; a configuration that was taken is
// printed to a text that is taken again and prints the same.
#include "app/config_load.h"
#include "app/config_print.h"
#include "app/config_seal.h"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

namespace {

std::optional<std::string> variable(const std::string& name) {
    return name == "SET" ? std::optional<std::string>("value") : std::nullopt;
}

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    weir::ConfigLoadOptions options;
    options.environment = variable;
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const weir::ConfigOutcome outcome = weir::load_config(text, "fuzz", options);
    require(outcome.problems.size() <= 51);
    if (!outcome.config) {
        require(!outcome.problems.empty());
        return 0;
    }
    const std::string printed = weir::print_config(*outcome.config);
    const weir::ConfigOutcome again = weir::load_config(printed, "fuzz", options);
    require(again.config.has_value());
    require(weir::print_config(*again.config) == printed);
    require(weir::sealed_changes(*outcome.config, *again.config).empty());
    return 0;
}
