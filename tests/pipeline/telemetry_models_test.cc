// docs/telemetry_models.md, written from the tables of models and of the harmonised family.
#include "pipeline/metric_rules.h"
#include "pipeline/network_interface.h"
#include "pipeline/yang_table.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weir {
namespace {

constexpr std::string_view opening = R"(# Models that weir knows, and rules for metrics

<!-- Generated from the tables in pipeline/yang_facts_*.cc and pipeline/network_interface.cc by
     tests/pipeline/telemetry_models_test.cc; run it with WEIR_UPDATE_GOLDENS=1. -->

How messages become series is in [telemetry.md](telemetry.md), how series live and end in
[telemetry_series.md](telemetry_series.md).

## Metric rules

`metric_rules` is a list. Each new series is taken through it once, from the top, before it takes a
place; samples of a series that is known cost nothing. A series must match all that is given.
`set_label` and `limit` may go without `metric` and `labels`; they are for all series then.

| Key | What it is |
|---|---|
| `name` | Of the rule, unique; messages about it say it. |
| `action` | `drop`, `keep`, `rename`, `set_label` or `limit`. |
| `metric` | RE2 expression over the whole name. |
| `labels` | Label names with RE2 expressions over the whole value. A missing label is empty. |
| `to` | `rename`: the new name. `\1` is the first group of `metric`, `\0` the whole name. |
| `set`, `remove` | `set_label`: labels to put on, and labels to take away. |
| `series_max` | `limit`: how many series of one device may match. |

- `drop`: the series is not kept. `keep`: it is, and no later rule is asked. A `keep` for what is
  wanted with a `drop` of `.*` behind it makes a list of what may pass.
- `rename` and `set_label` go on with the next rule, which sees the new name and labels. A rename
  that would make no valid name leaves the old one.
- `limit` counts for each device by itself; series beyond it are dropped and counted, those that
  have a place keep it.
- Two series that become one by a new name or a label taken away are told: the later one is dropped
  as `name_clash`.

)";

std::string own_labels() {
    std::string text;
    for (const std::string_view name : metric_own_label_names) {
        text += fmt::format("{}`{}`", text.empty() ? "" : ", ", name);
    }
    return text;
}

std::string limits_text() {
    return fmt::format(
        R"(Refused when the configuration is read, with the line and the rule's name: an expression
that is none or needs too much memory, a name that Prometheus would not take, a group that `metric`
does not have, keys of another action, and labels to set or remove that begin with `__` or are
{}: these say whose a series is, and weir alone sets them. At
most {} rules, and {} labels in each.

```yaml
metric_rules:
  - name: no-rates              # Mimir computes rates from counters
    action: drop
    metric: .*_(rate|kbps|pps)
  - name: role
    action: set_label
    labels: {{interface: Ethernet1/(49|50)}}
    set: {{role: uplink}}
  - name: short-names           # cisco_iosxe_memory_... becomes memory_...
    action: rename
    metric: cisco_ios(xe|xr)_(memory_.*)
    to: \2
  - name: processes
    action: limit
    metric: .*_process_.*
    series_max: 500
```

)",
        own_labels(), metric_rules_max, metric_rule_labels_max);
}

std::string code_list(std::string_view list, char separator) {
    std::string text;
    while (!list.empty()) {
        const std::size_t end = std::min(list.find(separator), list.size());
        text += fmt::format("{}`{}`", text.empty() ? "" : ", ", list.substr(0, end));
        list.remove_prefix(std::min(end + 1, list.size()));
    }
    return text;
}

std::string family_text() {
    std::string text = R"(## The family `network_interface_*`

The same for every model, so that dashboards outlive a change of platform or of path. The label
`interface` is spelt out: `Eth1/1`, `eth1/1` and `Ethernet1/1` are `Ethernet1/1`. It comes beside
the models' own metrics and can be switched off.

)";
    std::map<std::string_view, std::vector<const NetworkInterfaceSource*>> by_name;
    for (const NetworkInterfaceSource& source : network_interface_sources()) {
        by_name[source.metric.name].push_back(&source);
    }
    for (const auto& [name, sources] : by_name) {
        text += fmt::format("`{}`: {}.\n\n", name, sources.front()->metric.help);
        for (const NetworkInterfaceSource* source : sources) {
            text += fmt::format("- `{}` of {}", source->leaf, code_list(source->parents, '|'));
            for (const std::string_view word : source->metric.true_words) {
                text += fmt::format(", 1 for `{}`", word);
            }
            text += '\n';
        }
        text += '\n';
    }
    return text;
}

std::string_view kind_word(LeafKind kind) {
    switch (kind) {
        case LeafKind::counter:
            return "counter";
        case LeafKind::gauge:
            return "gauge";
        case LeafKind::state:
            return "state";
        case LeafKind::timestamp_s:
        case LeafKind::timestamp_ms:
        case LeafKind::timestamp_us:
        case LeafKind::timestamp_ns:
        case LeafKind::timestamp_text:
            return "time";
        case LeafKind::info:
            return "info";
        case LeafKind::text:
        case LeafKind::identifier:
        case LeafKind::unknown:
            break;
    }
    return "no metric";
}

// "3 counter, 1 state".
std::string leaves_text(const YangNode& node) {
    std::map<std::string_view, long> counts;
    for (const YangLeaves& leaves : node.leaves) {
        counts[kind_word(leaves.fact.kind)] +=
            1 + std::count(leaves.names.begin(), leaves.names.end(), ' ');
    }
    std::string text;
    for (const auto& [word, count] : counts) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, word);
    }
    return text;
}

std::string models_text() {
    std::string text = R"(## Which models weir knows

Of the paths below weir knows which leaves are keys, which numbers only rise, which words a state
has, in what unit a number is and how a time is written. Everything else is mapped as well: by the
names that mean the same everywhere (`*-octets`, `oper-status`, ...), as a gauge if it is a number,
with keys found by looking at all elements of a list. A `*` stands for any elements.

)";
    for (const YangTable* table : yang_tables()) {
        text += fmt::format("### {}\n\nFrom: {}.\n\n| Path | Keys | Leaves |\n|---|---|---|\n",
                            table->title, table->source);
        for (const auto& [path, node] : yang_places(*table)) {
            if (node->keys.empty() && node->leaves.empty()) {
                continue;
            }
            std::string keys;
            for (const std::string_view key : node->keys) {
                keys += fmt::format("{}`{}`", keys.empty() ? "" : ", ", key);
            }
            text += fmt::format("| `{}` | {} | {} |\n", path, keys, leaves_text(*node));
        }
        text += '\n';
    }
    text.pop_back();
    return text;
}

TEST(TelemetryModels, TheDocumentIsFresh) {
    const std::string path = std::string(WEIR_SOURCE_DIR) + "/docs/telemetry_models.md";
    const std::string generated =
        std::string(opening) + limits_text() + family_text() + models_text();
    if (std::getenv("WEIR_UPDATE_GOLDENS") != nullptr) {
        std::ofstream(path) << generated;
    }
    std::ifstream file(path);
    const std::string committed{std::istreambuf_iterator<char>(file),
                                std::istreambuf_iterator<char>()};
    EXPECT_EQ(committed, generated) << path << " is stale; run with WEIR_UPDATE_GOLDENS=1";
}

// Every leaf of the family is known to the models' tables, as what the family makes of it.
TEST(TelemetryModels, TheFamilyAgreesWithTheModels) {
    for (const NetworkInterfaceSource& source : network_interface_sources()) {
        std::string_view parents = source.parents;
        while (!parents.empty()) {
            const std::size_t end = std::min(parents.find('|'), parents.size());
            const std::string path = fmt::format("{}/{}", parents.substr(0, end), source.leaf);
            parents.remove_prefix(std::min(end + 1, parents.size()));
            const LeafFact* leaf = yang_leaf(path);
            ASSERT_NE(leaf, nullptr) << path;
            const bool is_state = !source.metric.true_words.empty();
            EXPECT_EQ(leaf->kind, is_state ? LeafKind::state : LeafKind::counter) << path;
            EXPECT_TRUE(is_state || leaf->unit == source.metric.unit) << path;
            for (const std::string_view word : source.metric.true_words) {
                EXPECT_NE(std::find(leaf->states.begin(), leaf->states.end(), word),
                          leaf->states.end())
                    << path << " is never " << word;
            }
            EXPECT_EQ(network_interface_metric(path), &source.metric) << path;
            EXPECT_TRUE(is_valid_metric_name(source.metric.name));
        }
    }
}

}  // namespace
}  // namespace weir
