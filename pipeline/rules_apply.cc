#include "core/assert.h"
#include "core/labels.h"
#include "core/text.h"
#include "pipeline/rule_parts.h"
#include "pipeline/rules.h"

#include <algorithm>
#include <array>

namespace weir {

namespace {

using Action = RuleSpec::Action;

// Cuts a value to what Loki takes, without splitting a character.
void clip(std::string& value) {
    value.resize(cut_text(value, label_value_bytes_max).size());
}

// The place for a name: the one it has already, else the next; strings keep their capacity.
std::string& place_for(std::string_view name, std::vector<RuleChange>& changes, std::size_t& used) {
    for (std::size_t i = 0; i < used; ++i) {
        if (changes[i].name == name) {
            return changes[i].value;
        }
    }
    if (used == changes.size()) {
        changes.emplace_back();
    }
    RuleChange& change = changes[used++];
    change.name = name;
    return change.value;
}

}  // namespace

RuleScratch::RuleScratch(const RuleSet& rules) : hits_(rules.size()), sampled_(rules.size()) {}

void RuleScratch::reset() {
    redactor_.reset();
    labels_used_ = metadata_used_ = 0;
}

bool RuleSet::matches(const Condition& condition, const RuleInput& input,
                      const RuleScratch& scratch, std::string_view* groups) {
    FieldTexts texts = condition.field.texts(input);
    if (condition.field.kind() == RuleField::Kind::label) {
        // What an earlier rule set is what the label is.
        for (const RuleChange* change = scratch.begin_labels(); change != scratch.end_labels();
             ++change) {
            if (change->name == condition.field.label()) {
                texts[0] = change->value;
            }
        }
    }
    std::array<re2::StringPiece, rule_groups_max> found;
    for (const std::string_view text : texts) {
        if (text.data() == nullptr ||
            !condition.pattern->Match({text.data(), text.size()}, 0, text.size(),
                                      re2::RE2::UNANCHORED, found.data(),
                                      static_cast<int>(condition.groups))) {
            continue;
        }
        for (std::size_t i = 0; i < condition.groups; ++i) {
            groups[i] = {found[i].data(), found[i].size()};
        }
        return true;
    }
    return false;
}

RuleVerdict RuleSet::apply_all(RuleInput& input, RuleScratch& scratch) const {
    WEIR_ASSERT(scratch.hits_.size() == rules_.size());
    scratch.reset();
    for (std::size_t i = 0; i < rules_.size(); ++i) {
        const Rule& rule = rules_[i];
        std::array<std::string_view, rule_groups_max> groups;
        const bool matched = std::all_of(
            rule.conditions.begin(), rule.conditions.end(), [&](const Condition& condition) {
                return matches(condition, input, scratch, groups.data());
            });
        if (matched) {
            ++scratch.hits_[i];
        }
        bool dropped = false;
        switch (rule.action) {
            case Action::drop:
                dropped = matched;
                break;
            case Action::keep:
                dropped = !matched;
                break;
            case Action::sample:
                dropped = matched && scratch.sampled_[i]++ % rule.one_in != 0;
                break;
            case Action::redact:
            case Action::set_label:
            case Action::set_metadata:
                if (matched) {
                    act(rule, groups.data(), input, scratch);
                }
                break;
        }
        if (dropped) {
            return {.keep = false, .rule = i};
        }
    }
    return {};
}

void RuleSet::act(const Rule& rule, const std::string_view* groups, RuleInput& input,
                  RuleScratch& scratch) {
    if (rule.action == Action::redact) {
        redact(rule, input, scratch);
        return;
    }
    const bool is_label = rule.action == Action::set_label;
    // Made aside: a group may be a view into the value that is replaced.
    std::string& made = scratch.value_;
    made.clear();
    append_rewrite(rule.value, groups, rule_groups_max, made);
    clip(made);
    std::string& value = is_label
                             ? place_for(rule.target, scratch.labels_, scratch.labels_used_)
                             : place_for(rule.target, scratch.metadata_, scratch.metadata_used_);
    value.assign(made);
}

void RuleSet::redact(const Rule& rule, RuleInput& input, RuleScratch& scratch) {
    std::string_view* target = rule.field.text_of(input);
    if (target != nullptr) {
        scratch.redactor_.redact(*rule.pattern, rule.value, *target, input);
    }
    if (rule.field.kind() != RuleField::Kind::line) {
        return;
    }
    // What earlier rules copied out of the line must not keep what the line no longer shows.
    for (std::size_t i = 0; i < scratch.labels_used_; ++i) {
        scratch.redactor_.redact(*rule.pattern, rule.value, scratch.labels_[i].value);
    }
    for (std::size_t i = 0; i < scratch.metadata_used_; ++i) {
        scratch.redactor_.redact(*rule.pattern, rule.value, scratch.metadata_[i].value);
    }
}

}  // namespace weir
