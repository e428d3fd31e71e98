// Cost of the rules for one record: none, a few that do not match, one that redacts.
#include "pipeline/rules.h"

#include <benchmark/benchmark.h>

namespace weir {
namespace {

void run(benchmark::State& state, const std::vector<RuleSpec>& specs) {
    const std::string line =
        "<189>45: sw1: Nov 21 06:47:00.123: %SEC_LOGIN-5-LOGIN_SUCCESS: Login Success [user: "
        "admin] "
        "[Source: 10.0.0.9] [localport: 22] at 06:47:00 UTC Sat Nov 21 2026";
    const auto rules = RuleSet::compile(specs, {"dc"}).value();
    RuleScratch scratch(*rules);
    for (auto _ : state) {
        Record record;
        record.severity = 5;
        record.hostname = std::string_view(line).substr(9, 3);
        record.msg = std::string_view(line).substr(36);
        RuleInput input{.record = &record, .line = line};
        benchmark::DoNotOptimize(rules->apply(input, scratch));
        benchmark::DoNotOptimize(input.line.data());
    }
}

void no_rules(benchmark::State& state) {
    run(state, {});
}

void three_misses(benchmark::State& state) {
    run(state, {{.name = "a", .match = {{"msg", "%LINEPROTO-5-UPDOWN"}}},
                {.name = "b", .match = {{"severity", "^(debug|7)$"}}},
                {.name = "c", .match = {{"hostname", "^lab-"}, {"msg", "reload"}}}});
}

void one_redaction(benchmark::State& state) {
    run(state, {{.name = "a",
                 .action = RuleSpec::Action::redact,
                 .pattern = "user: [^\\]]+",
                 .value = "user: ***"}});
}

void metadata_from_group(benchmark::State& state) {
    run(state, {{.name = "a",
                 .action = RuleSpec::Action::set_metadata,
                 .match = {{"msg", "\\[user: ([^\\]]+)\\]"}},
                 .target = "user",
                 .value = "\\1"}});
}

BENCHMARK(no_rules);
BENCHMARK(three_misses);
BENCHMARK(one_redaction);
BENCHMARK(metadata_from_group);

}  // namespace
}  // namespace weir

BENCHMARK_MAIN();
