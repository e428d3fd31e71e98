// MdtDevices: who sends telemetry to one ingest thread. A device is the node id that it gives and
// the class of the address that it sends from: behind one virtual address that tells more than any
// socket does, and two switches that nobody gave a name, in two datacentres, stay two.
#pragma once

#include "core/address.h"
#include "core/labels.h"
#include "core/metric.h"
#include "core/time.h"
#include "pipeline/batch_builder.h"
#include "pipeline/classifier.h"
#include "pipeline/series_table.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace weir {

// Value, at a fixed place while the table has it.
struct MdtDevice {
    std::string key;                  // its name in the series table
    std::string name;                 // the label `device`
    std::string certificate_subject;  // of its last session that had one
    const Classification* classification = nullptr;
    std::uint64_t config_generation = 0;  // that the labels are of
    Labels labels;                        // on every series
    std::vector<MetricLabel> label_views;
    SeriesTable::DeviceId series = SeriesTable::none;
    std::string health_key;             // of the series that tell of it
    BatchBuilder::StreamHandle stream;  // of its events
    bool had_own_stream = false;

    IpAddress address;  // it last sent from
    IpAddress former_address;
    std::int64_t former_seen_ns = 0;    // monotonic
    std::int64_t conflict_told_ns = 0;  // when two addresses were last told of

    std::uint32_t sessions = 0;
    bool had_session = false;  // it does not come over UDP only
    Timestamp last_message;
    std::int64_t last_ns = 0;  // monotonic
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    std::uint64_t rows = 0;
    std::uint64_t defects = 0;
    std::uint64_t errors = 0;  // that the device reported of itself
    std::int64_t skew_ms = 0;  // receive time less the message's, of the last one
};

// Resource. One thread.
class MdtDevices {
  public:
    // Without a message for so long, and without a session, a device is forgotten.
    static constexpr std::int64_t idle_ns = 3600 * ns_per_s;
    // A device that never had a session (UDP) is down after so long.
    static constexpr std::int64_t quiet_ns = 180 * ns_per_s;

    void set_devices_max(std::size_t devices_max) { devices_max_ = devices_max; }

    // The device of that name from addresses of that class; made if there is room, else null.
    [[nodiscard]] MdtDevice* find_or_add(std::string_view name,
                                         const Classification* classification);
    // Notes where a message came from. True when the device now sends from two addresses in turns,
    // which is told at most once an hour.
    [[nodiscard]] static bool note_address(MdtDevice& device, const IpAddress& address,
                                           std::int64_t now_ns);

    // Forgets those that are idle; `forget` is called with each before.
    template <typename Forget>
    void forget_idle(std::int64_t now_ns, Forget forget) {
        for (auto place = devices_.begin(); place != devices_.end();) {
            MdtDevice& device = *place->second;
            if (device.sessions == 0 && now_ns - device.last_ns > idle_ns) {
                forget(device);
                place = devices_.erase(place);
            } else {
                ++place;
            }
        }
    }

    template <typename Visit>
    void for_each(Visit visit) {
        for (auto& [key, device] : devices_) {
            visit(*device);
        }
    }

    template <typename Visit>
    void for_each(Visit visit) const {
        for (const auto& [key, device] : devices_) {
            visit(static_cast<const MdtDevice&>(*device));
        }
    }

    [[nodiscard]] std::size_t size() const { return devices_.size(); }

  private:
    std::size_t devices_max_ = 0;
    std::unordered_map<std::string, std::unique_ptr<MdtDevice>> devices_;
    std::string key_;  // scratch of look-ups
};

}  // namespace weir
