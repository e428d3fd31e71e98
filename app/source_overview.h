// SourceOverview: the surveys of all ingest threads put together: top talkers, silent devices, and
// whether the sources' addresses were lost on the way to weir.
#pragma once

#include "pipeline/source_survey.h"

#include <memory>
#include <string>
#include <vector>

namespace weir {

// Value.
struct SourceOverview {
    struct Talker {
        SourceActivity activity;
        double messages_per_s = 0;
        double bytes_per_s = 0;
        double share = 0;  // of all messages, 0..1
    };

    std::uint64_t active_sources = 0;
    std::vector<Talker> top;  // at most SurveyReport::top_max
    std::uint64_t silent_sources = 0;
    std::vector<SilentSource> silent;  // at most SurveyReport::silent_max
    // Nearly everything comes from a few private addresses, each with many hostnames: what a node
    // or a proxy that rewrites source addresses looks like. Classification by source is meaningless
    // then. Always false with too few messages to tell.
    bool addresses_hidden = false;
    std::string hidden_by;  // those addresses, in words; empty when not hidden
};

[[nodiscard]] SourceOverview make_source_overview(
    const std::vector<std::shared_ptr<const SurveyReport>>& reports);

}  // namespace weir
