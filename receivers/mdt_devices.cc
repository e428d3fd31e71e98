#include "receivers/mdt_devices.h"

#include <fmt/format.h>

namespace weir {

namespace {

// Two addresses are a conflict when both sent within this time.
constexpr std::int64_t both_alive_ns = 300 * ns_per_s;
constexpr std::int64_t tell_again_ns = 3600 * ns_per_s;

}  // namespace

MdtDevice* MdtDevices::find_or_add(std::string_view name, const Classification* classification) {
    key_.assign(name);
    key_ += '\x1f';
    key_ += fmt::format_int(classification != nullptr ? classification->id + 1 : 0).c_str();
    const auto found = devices_.find(key_);
    if (found != devices_.end()) {
        found->second->classification = classification;
        return found->second.get();
    }
    if (devices_.size() >= devices_max_) {
        return nullptr;
    }
    auto device = std::make_unique<MdtDevice>();
    device->key = key_;
    device->health_key = key_ + "\x1fhealth";
    device->name = name;
    device->classification = classification;
    return devices_.emplace(key_, std::move(device)).first->second.get();
}

bool MdtDevices::note_address(MdtDevice& device, const IpAddress& address, std::int64_t now_ns) {
    if (device.messages == 0) {
        device.address = address;
        return false;
    }
    if (device.address == address) {
        return false;
    }
    // It was the other one before: a device that moved does not come back.
    const bool in_turns =
        device.former_address == address && now_ns - device.former_seen_ns < both_alive_ns;
    device.former_address = device.address;
    device.former_seen_ns = now_ns;
    device.address = address;
    if (!in_turns ||
        (device.conflict_told_ns != 0 && now_ns - device.conflict_told_ns < tell_again_ns)) {
        return false;
    }
    device.conflict_told_ns = now_ns;
    return true;
}

}  // namespace weir
