// Telemetry of devices that do not exist, in the shapes that real ones send. The same seed gives
// the same values; counters rise from one collection to the next. For `weir send mdt`, tests and
// benchmarks.
#pragma once

#include "app/mdt_writer.h"
#include "core/telemetry.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

enum class MdtShape : std::uint8_t {
    xr,          // Cisco-IOS-XR-infra-statsd-oper, generic-counters
    xe,          // Cisco-IOS-XE-interfaces-oper, statistics
    nxos_dme,    // sys/intf: objects with attributes
    nxos_show,   // show interface: TABLE_ and ROW_
    nxos_event,  // EVENT-LIST: an interface that goes up or down
    openconfig,  // openconfig-interfaces as IOS-XR writes it, without keys
};
// "xr", "xe", "nxos-dme", "nxos-show", "nxos-event", "openconfig"
[[nodiscard]] std::string_view mdt_shape_name(MdtShape shape);
[[nodiscard]] std::optional<MdtShape> mdt_shape_from_name(std::string_view name);

// Value. What one message holds.
struct MdtGenerated {
    std::uint64_t rows = 0;
    std::uint64_t leaves = 0;  // in the content; keys are none
};

// Value. Makes messages; what it makes depends on nothing but its options and the arguments.
class MdtGenerator {
  public:
    struct Options {
        MdtShape shape = MdtShape::xr;
        TelemetryEncoding encoding = TelemetryEncoding::kvgpb;
        std::uint32_t interfaces = 48;
        std::uint64_t seed = 1;
    };

    explicit MdtGenerator(const Options& options) : options_(options) {}

    // The message of collection number `round` of a device, in place of what `out` held.
    MdtGenerated generate(std::uint32_t device, std::uint64_t round, std::uint64_t now_ms,
                          std::string& out) const;

    // "xr-0007"
    [[nodiscard]] std::string node_name(std::uint32_t device) const;

  private:
    Options options_;
};

}  // namespace weir
