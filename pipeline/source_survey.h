// SourceSurvey: who sends most, and who has fallen silent, read from the source table of one ingest
// thread in small steps. The last complete pass is what the status API tells.
#pragma once

#include "core/address.h"
#include "core/events.h"
#include "core/time.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

namespace weir {

class SourceTable;
struct SourceState;

// Value. One source, over one pass.
struct SourceActivity {
    IpAddress address;
    std::uint64_t messages = 0;
    std::uint64_t bytes = 0;
    unsigned hostnames = 0;      // distinct ones in its messages, at least; at most 64
    bool trusted_relay = false;  // several hostnames are what is expected of it
};

// Value. A source that used to send and does not any more.
struct SilentSource {
    IpAddress address;
    Timestamp last_seen;
    std::uint64_t messages = 0;  // since it was first seen
};

// Value, immutable once published.
struct SurveyReport {
    static constexpr std::size_t top_max = 20;
    static constexpr std::size_t silent_max = 50;

    std::int64_t duration_ns = 0;
    std::uint64_t messages = 0;        // of all sources
    std::uint64_t active_sources = 0;  // that sent in this pass
    std::vector<SourceActivity> top;   // most messages first, at most top_max
    std::uint64_t silent_sources = 0;
    std::vector<SilentSource> silent;  // last heard first, at most silent_max
};

// Most messages first, cut at top_max; last heard first, cut at silent_max.
void keep_top(std::vector<SourceActivity>& top);
void keep_newest(std::vector<SilentSource>& silent);

// Resource. step() from the thread that owns the table, report() from any.
class SourceSurvey {
  public:
    explicit SourceSurvey(EventSink& events);

    // How long a source must be silent to be told, at least; 0: never. One that sends rarely must
    // miss ten of its usual gaps as well.
    void set_silent_after(std::int64_t silent_after_ns) { silent_after_ns_ = silent_after_ns; }

    // Looks at the next part of the table. Called every tick; a pass takes about ten seconds.
    void step(SourceTable& sources, Timestamp now, std::int64_t now_ns);

    // The last complete pass; never null.
    [[nodiscard]] std::shared_ptr<const SurveyReport> report() const;

  private:
    void look_at(SourceState& source, Timestamp now);
    [[nodiscard]] bool is_silent(const SourceState& source, Timestamp now) const;
    void end_pass(std::int64_t now_ns);

    EventSink& events_;
    std::int64_t silent_after_ns_ = 0;
    std::size_t next_ = 0;   // entry of the table
    std::size_t slice_ = 0;  // entries a step
    std::int64_t pass_began_ns_ = 0;
    SurveyReport current_;
    mutable std::mutex mutex_;  // guards published_
    std::shared_ptr<const SurveyReport> published_;
};

}  // namespace weir
