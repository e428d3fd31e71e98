#include "app/config_checks_common.h"
#include "app/setting_value.h"

#include <re2/re2.h>

namespace weir {

namespace {

bool uses(RuleAction action, std::string_view key) {
    switch (action) {
        case RuleAction::redact:
            return key == "target" || key == "pattern" || key == "value";
        case RuleAction::set_label:
        case RuleAction::set_metadata:
            return key == "target" || key == "value";
        case RuleAction::sample:
            return key == "one_in";
        case RuleAction::drop:
        case RuleAction::keep:
            return false;
    }
    return false;
}

void require(const ReadConfig& read, const std::string& rule, std::string_view key,
             ConfigProblems& problems) {
    const std::string path = fmt::format("{}.{}", rule, key);
    if (!is_written(read, path)) {
        problems.error(line_of(read.lines, rule), path, "is required for this action");
    }
}

void check_rule_keys(const ReadConfig& read, const RuleConfig& rule, const std::string& path,
                     ConfigProblems& problems) {
    for (const std::string_view key : {"target", "pattern", "value", "one_in"}) {
        const std::string at = fmt::format("{}.{}", path, key);
        if (!uses(rule.action, key) && is_written(read, at)) {
            problems.error(line_of(read.lines, at), at, "is not used by this action");
        }
    }
    switch (rule.action) {
        case RuleAction::redact:
            return require(read, path, "pattern", problems);
        case RuleAction::set_label:
        case RuleAction::set_metadata:
            require(read, path, "target", problems);
            require(read, path, "value", problems);
            if (rule.value.empty() && is_written(read, path + ".value")) {
                const std::string at = path + ".value";
                problems.error(line_of(read.lines, at), at, "is empty");
            }
            return;
        case RuleAction::sample:
            return require(read, path, "one_in", problems);
        case RuleAction::drop:
        case RuleAction::keep:
            return require(read, path, "match", problems);
    }
}

void check_rule_target(const ReadConfig& read, const RuleConfig& rule, const std::string& path,
                       ConfigProblems& problems) {
    const std::string at = path + ".target";
    if (!is_written(read, at)) {
        return;
    }
    if (rule.action == RuleAction::set_label) {
        if (const Result<void> checked = check_label(rule.target, "any value"); !checked) {
            problems.error(line_of(read.lines, at), at, checked.error().message);
        }
    } else if (!is_valid_label_name(rule.target)) {
        problems.error(line_of(read.lines, at), at,
                       fmt::format("\"{}\" is not a field name", rule.target));
    }
}

// Groups that `value` may refer to: of the pattern that is redacted, or of the patterns in match.
void check_rule_value(const ReadConfig& read, const RuleConfig& rule, const std::string& path,
                      ConfigProblems& problems) {
    const std::string at = path + ".value";
    if (!is_written(read, at)) {
        return;
    }
    // The pattern whose groups are meant: what is redacted, else the first field's in match.
    std::string pattern = rule.pattern;
    if (rule.action != RuleAction::redact && !rule.match.empty()) {
        pattern = rule.match.begin()->second;
    }
    RE2::Options options;
    options.set_log_errors(false);
    const RE2 compiled(pattern, options);
    std::string why;
    if (compiled.ok() && !compiled.CheckRewriteString(rule.value, &why)) {
        problems.error(line_of(read.lines, at), at,
                       fmt::format("does not fit the pattern \"{}\": {}", pattern, why));
    }
}

}  // namespace

void check_rules(const ReadConfig& read, ConfigProblems& problems) {
    check_names(read, "rules", read.config.rules, problems);
    for (std::size_t i = 0; i < read.config.rules.size(); ++i) {
        const RuleConfig& rule = read.config.rules[i];
        const std::string path = fmt::format("rules[{}]", i);
        if (!is_written(read, path + ".action")) {
            continue;  // already refused
        }
        check_rule_keys(read, rule, path, problems);
        check_rule_target(read, rule, path, problems);
        check_rule_value(read, rule, path, problems);
    }
}

}  // namespace weir
