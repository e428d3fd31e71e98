// Admission: may this source send this now? The one place where the limits on messages are asked,
// before anything is parsed. One for each ingest thread.
#pragma once

#include "core/address.h"
#include "pipeline/fair_share.h"
#include "pipeline/rate_limit.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace weir {

class Classifier;

enum class AdmitVerdict : std::uint8_t {
    admitted,
    listener_rate,  // messages_per_s of the listener
    source_rate,    // messages_per_s_per_source
    overload,       // the thread cannot keep up and the source is over its fair share
};

// Value. What one listener asks of its senders.
struct AdmissionRules {
    std::shared_ptr<const Classifier> allowed_sources;  // null: everybody
    MessageRate rate;
    MessageRate source_rate;
    // Streams are slowed down (wait_ns) instead of losing messages; datagrams can only be refused.
    bool is_stream = false;
};

// Value. What admission remembers of one source.
struct SourceAllowance {
    Allowance rate;
    ShareUse share;
};

// Resource. One thread. No allocation and no lock a message.
class Admission {
  public:
    // Value. One message, and from whom.
    struct Request {
        std::uint32_t listener = 0;
        std::size_t bytes = 0;
        bool established = false;  // the source has been here for a while
        bool relay = false;        // passes on others' messages; they are limited one by one
    };

    // `shared` outlives it and is common to all threads.
    Admission(ListenerAllowances& shared, std::size_t listeners);

    // Before a run of messages.
    void set_now(std::int64_t now_ns);
    // Rates may have changed: what was leased under the old ones goes back.
    void forget_leases();

    [[nodiscard]] static bool is_allowed(const AdmissionRules& rules, const IpAddress& address);

    // The verdict on one message of an allowed source; counts it.
    [[nodiscard]] AdmitVerdict admit(const AdmissionRules& rules, const Request& request,
                                     SourceAllowance& source);
    // The same for a device behind a trusted relay, known only after parsing; the listener's own
    // limit was asked before.
    [[nodiscard]] AdmitVerdict admit_relayed(const AdmissionRules& rules, const Request& request,
                                             SourceAllowance& device);

    // How long a stream must not read, so that source and listener come back within their rates.
    [[nodiscard]] std::int64_t wait_ns(const AdmissionRules& rules, std::uint32_t listener,
                                       const SourceAllowance* source) const;

    [[nodiscard]] FairShare& fair_share() { return fair_share_; }

  private:
    // False only for a datagram over the rate; a stream goes into debt instead.
    [[nodiscard]] bool take_source_rate(const AdmissionRules& rules, SourceAllowance& source) const;
    [[nodiscard]] bool take_listener_rate(const AdmissionRules& rules, std::uint32_t listener);

    ListenerAllowances& shared_;
    std::vector<std::uint64_t> leased_;  // by listener
    FairShare fair_share_;
    std::int64_t now_ns_ = 0;
};

}  // namespace weir
