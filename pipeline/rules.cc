#include "pipeline/rules.h"

#include "core/labels.h"
#include "pipeline/rule_parts.h"

#include <fmt/format.h>

#include <algorithm>

namespace weir {

namespace {

using Action = RuleSpec::Action;
using KnownLabels = std::set<std::string, std::less<>>;

template <typename... Args>
tl::unexpected<Error> refuse(const RuleSpec& spec, fmt::format_string<Args...> text,
                             Args&&... args) {
    return fail(fmt::format("line {}: rule \"{}\": {}", spec.line, spec.name,
                            fmt::format(text, std::forward<Args>(args)...)));
}

Result<std::unique_ptr<re2::RE2>> compile_pattern(const RuleSpec& spec,
                                                  const std::string& pattern) {
    re2::RE2::Options options;
    options.set_log_errors(false);
    options.set_max_mem(1024 * 1024);  // of the automaton; a thousand rules stay bounded
    auto compiled = std::make_unique<re2::RE2>(pattern, options);
    if (!compiled->ok()) {
        return refuse(spec, "\"{}\" is not a valid expression: {}", pattern, compiled->error());
    }
    return compiled;
}

bool sets(Action action) {
    return action == Action::set_label || action == Action::set_metadata;
}

Result<void> check_parts(const RuleSpec& spec) {
    const bool redacts = spec.action == Action::redact;
    if (spec.match.empty() && (spec.action == Action::drop || spec.action == Action::keep)) {
        return refuse(spec, "needs at least one field in match");
    }
    if (spec.match.size() > rule_conditions_max) {
        return refuse(spec, "has more than {} fields in match", rule_conditions_max);
    }
    if (redacts && spec.pattern.empty()) {
        return refuse(spec, "needs a pattern");
    }
    if (sets(spec.action) && !is_valid_label_name(spec.target)) {
        return refuse(spec, "\"{}\" is not a valid name to set", spec.target);
    }
    if (spec.action == Action::sample && spec.one_in == 0) {
        return refuse(spec, "one_in must be at least 1");
    }
    if (spec.value.size() > rule_value_bytes_max) {
        return refuse(spec, "value is longer than {} bytes", rule_value_bytes_max);
    }
    return {};
}

Result<void> check_value(const RuleSpec& spec, const re2::RE2* pattern) {
    const re2::RE2 nothing("");
    std::string why;
    if (!(pattern == nullptr ? nothing : *pattern).CheckRewriteString(spec.value, &why)) {
        return refuse(spec, "value \"{}\" does not fit the pattern: {}", spec.value, why);
    }
    return {};
}

}  // namespace

RuleSet::RuleSet(Key) {}

RuleSet::~RuleSet() = default;

const std::string& RuleSet::name(std::size_t rule) const {
    return rules_.at(rule).name;
}

Result<std::shared_ptr<const RuleSet>> RuleSet::compile(const std::vector<RuleSpec>& specs,
                                                        KnownLabels known_labels) {
    if (specs.size() > rules_max) {
        return fail(
            fmt::format("there are {} rules; at most {} are allowed", specs.size(), rules_max));
    }
    auto made = std::make_shared<RuleSet>(Key{});
    for (const RuleSpec& spec : specs) {
        Result<Rule> rule = compile_rule(spec, known_labels);
        if (!rule) {
            return fail(std::move(rule.error().message));
        }
        made->rules_.push_back(std::move(*rule));
        if (spec.action == Action::set_label) {
            known_labels.insert(spec.target);
        }
    }
    made->size_ = made->rules_.size();
    return made;
}

Result<RuleSet::Rule> RuleSet::compile_rule(const RuleSpec& spec, const KnownLabels& known_labels) {
    if (Result<void> checked = check_parts(spec); !checked) {
        return fail(std::move(checked.error().message));
    }
    Rule rule{.name = spec.name,
              .action = spec.action,
              .target = spec.target,
              .value = spec.value,
              .one_in = spec.one_in};
    for (const auto& [name, pattern] : spec.match) {
        const std::optional<RuleField> field = RuleField::from_name(name, known_labels);
        if (!field) {
            return refuse(spec, "\"{}\" is neither a field nor a label", name);
        }
        auto compiled = compile_pattern(spec, pattern);
        if (!compiled) {
            return fail(std::move(compiled.error().message));
        }
        rule.conditions.push_back({.field = *field, .pattern = std::move(*compiled)});
    }
    if (spec.action == Action::redact) {
        const auto field =
            RuleField::from_name(spec.target.empty() ? "line" : spec.target, known_labels);
        if (!field || !field->is_text()) {
            return refuse(spec, "\"{}\" is not a text that can be redacted", spec.target);
        }
        auto compiled = compile_pattern(spec, spec.pattern);
        if (!compiled) {
            return fail(std::move(compiled.error().message));
        }
        if (re2::RE2::PartialMatch("", **compiled)) {
            return refuse(spec, "\"{}\" matches the empty text", spec.pattern);
        }
        rule.field = *field;
        rule.pattern = std::move(*compiled);
    }
    const bool has_first = sets(spec.action) && !rule.conditions.empty();
    const re2::RE2* grouped =
        has_first ? rule.conditions.front().pattern.get() : rule.pattern.get();
    if (Result<void> checked = check_value(spec, grouped); !checked) {
        return fail(std::move(checked.error().message));
    }
    if (has_first && spec.value.find('\\') != std::string::npos) {
        rule.conditions.front().groups = std::min(
            static_cast<std::size_t>(grouped->NumberOfCapturingGroups()) + 1, rule_groups_max);
    }
    return rule;
}

}  // namespace weir
