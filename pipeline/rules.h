// Rules: what the operator wants dropped, kept, thinned out, hidden or labelled, in the order of
// the configuration. Sits between parse and append. Compiled once into an immutable RuleSet, with
// regular expressions of linear time (RE2); a thread brings its own RuleScratch.
#pragma once

#include "core/result.h"
#include "pipeline/redaction.h"
#include "pipeline/rule_field.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weir {

inline constexpr std::size_t rules_max = 1000;
inline constexpr std::size_t rule_conditions_max = 16;
inline constexpr std::size_t rule_value_bytes_max = 1024;

// Value. One rule as configuration gives it.
struct RuleSpec {
    enum class Action : std::uint8_t {
        drop,          // records that match are dropped
        keep,          // records that do not match are dropped
        redact,        // `pattern` in `target` becomes `value`
        sample,        // of the records that match, the first of every `one_in` stays
        set_label,     // label `target` becomes `value`; empty removes it
        set_metadata,  // structured metadata `target` becomes `value`
    };

    std::string name;
    Action action = Action::drop;
    // Field name and RE2, found anywhere in the field; all must match, none at all matches every
    // record. drop and keep need at least one.
    std::vector<std::pair<std::string, std::string>> match;
    std::string target;   // redact: "line" (also when empty) or a field that is text
    std::string pattern;  // redact only
    // \0 to \9 are groups of `pattern` (redact), of the first condition otherwise.
    std::string value;
    std::uint64_t one_in = 1;
    int line = 0;  // in the configuration file
};

// Value.
struct RuleVerdict {
    bool keep = true;
    std::size_t rule = 0;  // that dropped the record
};

// Value. What a rule sets. Both live until the scratch's next record.
struct RuleChange {
    std::string_view name;
    std::string value;  // cut at label_value_bytes_max, between characters
};

class RuleSet;

// Resource. Buffers and counters of one thread for one RuleSet; nothing is allocated once they have
// grown.
class RuleScratch {
  public:
    // `rules` outlives the scratch.
    explicit RuleScratch(const RuleSet& rules);

    RuleScratch(const RuleScratch&) = delete;
    RuleScratch& operator=(const RuleScratch&) = delete;

    // Records that met all conditions of each rule, since construction.
    [[nodiscard]] const std::vector<std::uint64_t>& hits() const { return hits_; }

    // What set_label and set_metadata wrote for the record last applied, one entry a name.
    [[nodiscard]] const RuleChange* begin_labels() const { return labels_.data(); }

    [[nodiscard]] const RuleChange* end_labels() const { return labels_.data() + labels_used_; }

    [[nodiscard]] const RuleChange* begin_metadata() const { return metadata_.data(); }

    [[nodiscard]] const RuleChange* end_metadata() const {
        return metadata_.data() + metadata_used_;
    }

  private:
    friend class RuleSet;

    void reset();

    Redactor redactor_;
    std::vector<std::uint64_t> hits_;
    std::vector<std::uint64_t> sampled_;  // records a sample rule has seen
    std::vector<RuleChange> labels_;
    std::vector<RuleChange> metadata_;
    std::size_t labels_used_ = 0;
    std::size_t metadata_used_ = 0;
    std::string value_;  // being made
};

// Value, immutable; const access from any thread (expressions shared by threads share a lock word
// of RE2's, so a busy thread may have a set of its own).
class RuleSet {
    // Only compile() can name it, yet make_shared can construct.
    struct Key {};

  public:
    explicit RuleSet(Key);
    ~RuleSet();
    RuleSet(const RuleSet&) = delete;
    RuleSet& operator=(const RuleSet&) = delete;

    // `known_labels` are the labels that configuration gives to streams; a set_label adds its own
    // for the rules that follow. The error names the rule and its line.
    [[nodiscard]] static Result<std::shared_ptr<const RuleSet>> compile(
        const std::vector<RuleSpec>& specs, std::set<std::string, std::less<>> known_labels);

    [[nodiscard]] bool empty() const { return size_ == 0; }

    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] const std::string& name(std::size_t rule) const;

    // Runs the rules over one record, up to the one that drops it. Rewrites `input` in place; what
    // it then points to lives in `scratch` until the next call. Free when there are no rules.
    [[nodiscard]] RuleVerdict apply(RuleInput& input, RuleScratch& scratch) const {
        return size_ == 0 ? RuleVerdict{} : apply_all(input, scratch);
    }

  private:
    struct Rule;
    struct Condition;

    [[nodiscard]] RuleVerdict apply_all(RuleInput& input, RuleScratch& scratch) const;
    static void act(const Rule& rule, const std::string_view* groups, RuleInput& input,
                    RuleScratch& scratch);
    static void redact(const Rule& rule, RuleInput& input, RuleScratch& scratch);
    [[nodiscard]] static bool matches(const Condition& condition, const RuleInput& input,
                                      const RuleScratch& scratch, std::string_view* groups);
    [[nodiscard]] static Result<Rule> compile_rule(
        const RuleSpec& spec, const std::set<std::string, std::less<>>& known_labels);

    std::vector<Rule> rules_;
    std::size_t size_ = 0;  // of rules_, whose element is only known inside
};

}  // namespace weir
