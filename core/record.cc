#include "core/record.h"

namespace weir {

namespace {

constexpr std::array<std::string_view, extra_key_count> names = {"msg_counter",
                                                                 "sequence",
                                                                 "cisco_facility",
                                                                 "cisco_severity",
                                                                 "mnemonic",
                                                                 "node",
                                                                 "task",
                                                                 "event_id",
                                                                 "vendor_event",
                                                                 "level_word",
                                                                 "pseudo_tag",
                                                                 "relay_timestamp",
                                                                 "relay_host",
                                                                 "ise_id",
                                                                 "ise_total",
                                                                 "ise_index",
                                                                 "vendor_timestamp",
                                                                 "vendor_host",
                                                                 "format",
                                                                 "structured_data_ids",
                                                                 "model",
                                                                 "mac",
                                                                 "firmware"};

}  // namespace

std::string_view extra_key_name(ExtraKey key) {
    const auto index = static_cast<std::size_t>(key);
    WEIR_ASSERT(index < names.size());
    return names[index];
}

}  // namespace weir
