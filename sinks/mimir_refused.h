// RefusedSeries: series that a server refuses whatever their samples, by their labels or because
// there are too many, so that it is not asked about them again and again. Internal to sinks/.
#pragma once

#include "pipeline/remote_write.h"
#include "sinks/mimir_endpoint.h"
#include "sinks/reason.h"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>

namespace weir {

// Value. The delivery thread's. Times are monotonic nanoseconds.
class RefusedSeries {
  public:
    // Beyond these the server is asked.
    static constexpr std::size_t series_max = mimir_refused_bytes_max / 64;

    // Whether a refusal for this reason holds for the series and not only for the sample.
    [[nodiscard]] static bool is_lasting(Reason reason);

    void note(const WrittenSeries& series, Reason reason, std::int64_t until_ns,
              std::int64_t now_ns);
    // Why the series is not to be sent; nothing if it is, or if its time is over.
    [[nodiscard]] std::optional<Reason> find(const WrittenSeries& series, std::int64_t now_ns);

    [[nodiscard]] bool empty() const { return known_.empty(); }

    void clear() { known_.clear(); }

  private:
    struct Refusal {
        Reason reason = Reason::none;
        std::int64_t until_ns = 0;
    };

    std::unordered_map<std::uint64_t, Refusal> known_;  // by the hash of the labels
    std::int64_t swept_ns_ = 0;
};

}  // namespace weir
