// IntakeTold: what one ingest thread has told the log of its listeners' counters, so that the log
// can keep the account over restarts.
#pragma once

#include "pipeline/intake_ledger.h"

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir {

// Resource. One thread, the one that counts.
class IntakeTold {
  public:
    using Counters = std::vector<std::unique_ptr<ListenerCounters>>;

    // The counters must outlive it; they are of the listeners, in order.
    explicit IntakeTold(const Counters& counters) : counters_(counters) {}

    void set_names(std::vector<std::string> listeners);

    // What was counted since the log was last told; the given frames of each listener, which are
    // held, as accepted. An empty vector: none.
    [[nodiscard]] IntakeAccount untold(const std::vector<std::uint32_t>& accepted) const;
    // The log knows of everything now.
    void note_told();

  private:
    const Counters& counters_;
    std::vector<std::string> names_;
    std::vector<IntakeLedger> told_;
};

}  // namespace weir
