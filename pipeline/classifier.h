// Classifier: what a source address means (datacentre, site, dialect, zone), by longest prefix
// match. Built when the configuration is read, then immutable: every ingest thread asks it without
// a lock. Sits between parse and append.
#pragma once

#include "core/address.h"
#include "core/dialect.h"
#include "core/labels.h"
#include "core/result.h"
#include "pipeline/range_tree.h"
#include "pipeline/zone.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace weir {

inline constexpr std::size_t classifier_prefixes_max = 1'000'000;
inline constexpr std::size_t classifier_hostnames_max = 4096;
inline constexpr std::size_t hostname_bytes_max = 255;  // longer is text, not a name (RFC 1035)

// Value. What one rule of the configuration says about its sources.
struct Classification {
    Labels labels;  // the rule's own; the caller merges them over the global ones
    std::optional<Dialect> dialect;
    ZonePtr zone;                // null: unknown
    bool trusted_relay = false;  // classify what comes from here by the message's HOSTNAME
    std::uint32_t id = 0;        // place among the classes, set by Classifier::build
    int line = 0;                // in the configuration file
};

// Value. Everything a Classifier is built from. Indices are places in `classes`.
struct ClassifierInput {
    struct Source {
        Prefix prefix;
        std::uint32_t class_index = 0;
    };

    struct Hostname {
        std::string match;  // RE2, over the whole HOSTNAME, without regard to case (RFC 4343)
        std::uint32_t class_index = 0;
    };

    std::vector<Classification> classes;
    std::vector<Source> sources;
    std::vector<Hostname> hostnames;  // the first that matches wins
};

// Value, immutable; const access from any thread. Pointers it gives live as long as it does.
class Classifier {
    // Only build() can name it, yet make_shared can construct.
    struct Key {};

  public:
    explicit Classifier(Key);

    // Fails on a prefix given twice (naming both lines), on a broken expression and on more
    // entries than the limits above. Aborts on an index outside `classes`. Takes O(n log n).
    [[nodiscard]] static Result<std::shared_ptr<const Classifier>> build(ClassifierInput input);

    ~Classifier();
    Classifier(const Classifier&) = delete;
    Classifier& operator=(const Classifier&) = delete;

    // The class of the longest prefix that holds the address, or null. A prefix that is shorter
    // contributes nothing. No allocation, no lock.
    [[nodiscard]] const Classification* classify(const IpAddress& address) const;

    // The class of the first hostname rule that matches, or null. For messages of a trusted relay;
    // costs one expression a rule, so a caller that sees a name often keeps the answer.
    [[nodiscard]] const Classification* classify_hostname(std::string_view hostname) const;

    [[nodiscard]] std::size_t memory_bytes() const;

  private:
    struct Lower {
        std::uint64_t start = 0;
        std::uint32_t value = 0;
    };

    struct HostnameRule {
        std::unique_ptr<re2::RE2> match;
        std::uint32_t class_index = 0;
    };

    [[nodiscard]] Result<void> add_hostnames(const std::vector<ClassifierInput::Hostname>& rules);
    void add_sources(const std::vector<ClassifierInput::Source>& sources);

    [[nodiscard]] const Classification* class_at(std::uint32_t value) const;

    std::vector<Classification> classes_;
    // IPv4 by its 32 bits; IPv6 by its upper half, where real prefixes end, and only where ranges
    // start inside one upper half by the lower half too.
    RangeTree<std::uint32_t, 16> v4_;      // value: class
    RangeTree<std::uint64_t, 8> upper_;    // value: class, or the split half's place in split_at_
    std::vector<std::uint32_t> split_at_;  // where each split half's ranges start in lower_
    std::vector<Lower> lower_;
    std::vector<HostnameRule> hostnames_;
};

}  // namespace weir
