#include "app/config_checks_common.h"
#include "app/setting_value.h"
#include "core/record.h"
#include "pipeline/rule_field.h"

#include <re2/re2.h>

#include <optional>
#include <set>

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

// `match: {}` is as good as none; a match with an entry that was refused is not complained of
// again.
void require_match(const ReadConfig& read, const std::string& rule, ConfigProblems& problems) {
    const std::string path = rule + ".match";
    const auto first_entry = read.lines.lower_bound(path + ".");
    if (first_entry == read.lines.end() || !first_entry->first.starts_with(path + ".")) {
        problems.error(line_of(read.lines, path), path, "is required for this action");
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
            return require(read, path, "value", problems);
        case RuleAction::sample:
            return require(read, path, "one_in", problems);
        case RuleAction::drop:
        case RuleAction::keep:
            return require_match(read, path, problems);
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
    } else if (rule.action == RuleAction::redact) {
        const std::optional<RuleField> field = RuleField::from_name(rule.target, {});
        if (!field || !field->is_text()) {
            problems.error(line_of(read.lines, at), at,
                           fmt::format("\"{}\" is not a field of the message's text; redact takes "
                                       "line, msg, hostname, app_name, ...",
                                       rule.target));
        }
    } else if (!is_valid_label_name(rule.target)) {
        problems.error(line_of(read.lines, at), at,
                       fmt::format("\"{}\" is not a metadata name", rule.target));
    }
}

using Names = std::set<std::string, std::less<>>;

// The labels that a stream may carry before any rule.
Names labels_before_rules(const Config& config) {
    Names names(own_label_names.begin(), own_label_names.end());
    names.insert("service_name");
    const auto add = [&names](const Labels& labels) {
        for (const auto& [name, value] : labels) {
            names.insert(name);
        }
    };
    add(config.labels);
    for (const ClassificationRule& rule : config.classification) {
        add(rule.labels);
    }
    for (const HostnameRule& rule : config.hostnames) {
        add(rule.labels);
    }
    return names;
}

void check_rule_fields(const ReadConfig& read, const RuleConfig& rule, const std::string& path,
                       const Names& labels, ConfigProblems& problems) {
    for (const auto& [name, pattern] : rule.match) {
        if (RuleField::from_name(name, labels)) {
            continue;
        }
        std::vector<std::string_view> candidates = {
            "line",     "msg",      "hostname",  "app_name", "proc_id", "msg_id", "structured_data",
            "facility", "severity", "source_ip", "listener", "dialect"};
        candidates.insert(candidates.end(), labels.begin(), labels.end());
        for (std::size_t i = 0; i < extra_key_count; ++i) {
            candidates.push_back(extra_key_name(static_cast<ExtraKey>(i)));
        }
        const std::string at = fmt::format("{}.match.{}", path, name);
        const std::string_view near = nearest(name, candidates);
        problems.error(line_of(read.lines, at), at,
                       near.empty() ? "is neither a field nor a label"
                                    : fmt::format("is neither a field nor a label; did you mean "
                                                  "\"{}\"?",
                                                  near));
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
    Names labels = labels_before_rules(read.config);
    for (std::size_t i = 0; i < read.config.rules.size(); ++i) {
        const RuleConfig& rule = read.config.rules[i];
        const std::string path = fmt::format("rules[{}]", i);
        if (!is_written(read, path + ".action")) {
            continue;  // already refused
        }
        check_rule_keys(read, rule, path, problems);
        check_rule_fields(read, rule, path, labels, problems);
        check_rule_target(read, rule, path, problems);
        check_rule_value(read, rule, path, problems);
        if (rule.action == RuleAction::set_label) {
            labels.insert(rule.target);  // the rules that follow may match it
        }
    }
}

}  // namespace weir
