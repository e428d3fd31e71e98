// The part of the configuration that says what becomes of a message: classification and rules, as
// plain values. Included by app/config.h.
#pragma once

#include "core/address.h"
#include "core/dialect.h"
#include "core/labels.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace weir {

// Value. What a source prefix means.
struct ClassificationRule {
    std::vector<Prefix> sources;
    Labels labels;
    std::optional<Dialect> dialect;
    std::string zone;            // IANA name ("Europe/Berlin") or "+02:00"; empty: unknown
    bool trusted_relay = false;  // classify what comes from here by the message's HOSTNAME
    int line = 0;                // in the configuration file, for errors and `weir check`
};

// Value. For messages that came through a trusted relay: hostname pattern to labels.
struct HostnameRule {
    std::string match;  // RE2, matched against the whole HOSTNAME
    Labels labels;
    std::string zone;
    int line = 0;
};

enum class RuleAction : std::uint8_t { drop, keep, redact, sample, set_label, set_metadata };

// Value. One step of `rules:`; `field` names what is matched ("line", "msg", "hostname",
// "app_name", "severity", "source_ip", a label, an extra...).
struct RuleConfig {
    std::string name;
    RuleAction action = RuleAction::drop;
    std::map<std::string, std::string> match;  // field -> RE2, all must match (unanchored)
    std::string target;                        // redact: field ("line"); set_*: name
    std::string value;         // redact: replacement; set_*: text with \1 from the first match
    std::string pattern;       // redact: RE2 of what is replaced
    std::uint64_t one_in = 1;  // sample: keep one of N
    int line = 0;
};

}  // namespace weir
