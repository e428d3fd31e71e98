// The compiled form of one rule; shared by the two halves of RuleSet, pipeline/rules.cc (compile)
// and pipeline/rules_apply.cc (run).
#pragma once

#include "pipeline/rules.h"

#include <re2/re2.h>

namespace weir {

inline constexpr std::size_t rule_groups_max = 10;  // \0 to \9

struct RuleSet::Condition {
    RuleField field;
    std::unique_ptr<re2::RE2> pattern;
    std::size_t groups = 0;  // asked of a match: 0 none, else with \0
};

struct RuleSet::Rule {
    std::string name;
    RuleSpec::Action action = RuleSpec::Action::drop;
    std::vector<Condition> conditions;
    RuleField field;  // redact
    std::unique_ptr<re2::RE2> pattern;
    std::string target;  // set_*
    std::string value;
    std::uint64_t one_in = 1;
};

}  // namespace weir
