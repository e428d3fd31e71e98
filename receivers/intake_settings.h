// IntakeSettings: everything an ingest thread needs to turn frames into records, as one immutable
// snapshot that is replaced as a whole on reload.
#pragma once

#include "core/dialect.h"
#include "core/labels.h"
#include "pipeline/admission.h"
#include "pipeline/batch_builder.h"
#include "pipeline/classifier.h"
#include "pipeline/reassembly.h"
#include "pipeline/rules.h"
#include "receivers/mdt_settings.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weir {

// Value. What one listener pins.
struct ListenerProfile {
    std::string name;
    Dialect dialect = Dialect::any;
    AdmissionRules admission;
    std::shared_ptr<const Classifier> proxies;  // who must send a PROXY header; null: nobody
};

// Value, immutable once published.
struct IntakeSettings {
    Labels base_labels;  // job, service_name, source_type, cluster and the configured ones
    std::vector<ListenerProfile> listeners;  // index is the listener's number
    std::shared_ptr<const Classifier> classifier;
    std::shared_ptr<const RuleSet> rules;  // null: none
    bool device_timestamp = false;  // the Loki timestamp is the device's, within the skew bound
    std::int64_t timestamp_skew_max_ns = 300 * ns_per_s;
    bool line_is_msg = false;  // the Loki line is the parsed MSG instead of the frame
    std::size_t line_bytes_max = 250 * 1024;
    BatchLimits batch;
    std::int64_t silent_after_ns = 900 * ns_per_s;  // before a source is told silent; 0: never
    bool reassemble = true;  // put multi-part messages (Cisco ISE) together
    Reassembler::Options reassembly;
    MdtSettings mdt;
};

}  // namespace weir
