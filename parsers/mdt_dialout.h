// MdtDialoutArgs: the message of Cisco's gRPC dial-out service, around every piece of telemetry.
// /mdt_dialout.gRPCMdtDialout/MdtDialout
#pragma once

#include <cstdint>
#include <string_view>

namespace weir {

// Value that borrows from the bytes that were read.
struct MdtDialoutArgs {
    std::int64_t req_id = 0;
    std::string_view data;        // a message of telemetry, or a chunk of one
    std::string_view errors;      // what the device says went wrong; any bytes
    std::int32_t total_size = 0;  // of the message that `data` is a chunk of; 0: `data` is whole
};

// False when the bytes are not such a message; `args` then has what was read before.
[[nodiscard]] bool read_mdt_dialout(std::string_view bytes, MdtDialoutArgs& args);

}  // namespace weir
