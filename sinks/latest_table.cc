#include "sinks/latest_table.h"

#include "core/metric.h"

#include <fmt/format.h>

#include <cmath>
#include <iterator>

namespace weir {

namespace {

// Escapes as the text format wants it: quotes in label values only.
void append_escaped(std::string_view text, bool is_label, std::string& out) {
    for (const char character : text) {
        if (character == '\n') {
            out += "\\n";
        } else {
            if (character == '\\' || (is_label && character == '"')) {
                out.push_back('\\');
            }
            out.push_back(character);
        }
    }
}

void append_series_text(const WrittenSeries& series, std::string_view name, std::string& out) {
    out.append(name);
    char before = '{';
    for (const MetricLabel& label : series.labels) {
        if (label.name == "__name__") {
            continue;
        }
        out.push_back(before);
        out.append(label.name).append("=\"");
        append_escaped(label.value, true, out);
        out.push_back('"');
        before = ',';
    }
    if (before == ',') {
        out.push_back('}');
    }
}

void append_value(double value, std::string& out) {
    if (std::isnan(value)) {
        out += "NaN";
    } else if (std::isinf(value)) {
        out += value > 0 ? "+Inf" : "-Inf";
    } else {
        fmt::format_to(std::back_inserter(out), "{}", value);
    }
}

std::string_view type_text(std::uint32_t type) {
    const std::string_view name = metric_type_name(static_cast<MetricType>(type));
    return name == "unknown" ? "untyped" : name;
}

}  // namespace

void LatestTable::apply(const WriteRequest& request, std::int64_t now_ns) {
    expire(now_ns);
    for (const FamilyMetadata& metadata : request.metadata) {
        const auto known = families_.find(metadata.family);
        if (known == families_.end() && families_.size() >= families_max) {
            continue;
        }
        Family& family =
            known == families_.end() ? families_[std::string(metadata.family)] : known->second;
        family.help = metadata.help;
        family.type = metadata.type;
    }
    for (const WrittenSeries& series : request.series) {
        for (const SeriesSample& sample : series.samples) {
            put(series, sample, now_ns);
        }
    }
}

void LatestTable::put(const WrittenSeries& series, const SeriesSample& sample,
                      std::int64_t now_ns) {
    const std::string_view name = series.name();
    text_.clear();
    append_series_text(series, name, text_);
    auto family = families_.find(name);
    const bool known = family != families_.end() && family->second.series.contains(text_);
    if (is_stale_marker(sample.value)) {
        if (known) {
            remove(family->second.series.find(text_)->second);
        }
        return;
    }
    if (known) {
        const Entries::iterator entry = family->second.series.find(text_)->second;
        entry->seen_ns = now_ns;
        if (sample.timestamp_ms >= entry->timestamp_ms) {
            entry->value = sample.value;
            entry->timestamp_ms = sample.timestamp_ms;
        }
        by_age_.splice(by_age_.end(), by_age_, entry);
        return;
    }
    if (by_age_.size() >= options_.series_max && !by_age_.empty()) {
        remove(by_age_.begin());
        ++evicted_;
    }
    if (family == families_.end()) {
        if (families_.size() >= families_max) {
            return;
        }
        family = families_.emplace(std::string(name), Family{}).first;
    }
    by_age_.push_back({.series = std::make_shared<const std::string>(text_),
                       .family = &family->second,
                       .value = sample.value,
                       .timestamp_ms = sample.timestamp_ms,
                       .seen_ns = now_ns});
    family->second.series.emplace(*by_age_.back().series, std::prev(by_age_.end()));
}

// The family stays, with what is known of it.
void LatestTable::remove(Entries::iterator entry) {
    entry->family->series.erase(*entry->series);
    by_age_.erase(entry);
}

void LatestTable::expire(std::int64_t now_ns) {
    while (!by_age_.empty() && now_ns - by_age_.front().seen_ns >= options_.silent_max_ns) {
        remove(by_age_.begin());
    }
}

LatestSnapshot LatestTable::snapshot(std::int64_t now_ns) {
    expire(now_ns);
    LatestSnapshot snapshot{.timestamps = options_.timestamps};
    for (const auto& [name, family] : families_) {
        if (family.series.empty()) {
            continue;
        }
        LatestSnapshot::Family& to = snapshot.families.emplace_back();
        to.name = name;
        to.help = family.help;
        to.type = family.type;
        to.rows.reserve(family.series.size());
        for (const auto& [text, entry] : family.series) {
            to.rows.push_back({.series = entry->series,
                               .value = entry->value,
                               .timestamp_ms = entry->timestamp_ms});
        }
    }
    return snapshot;
}

std::string to_exposition(const LatestSnapshot& snapshot) {
    std::string out;
    for (const LatestSnapshot::Family& family : snapshot.families) {
        if (!family.help.empty()) {
            out.append("# HELP ").append(family.name).push_back(' ');
            append_escaped(family.help, false, out);
            out.push_back('\n');
        }
        out.append("# TYPE ").append(family.name).push_back(' ');
        out.append(type_text(family.type)).push_back('\n');
        for (const LatestSnapshot::Row& row : family.rows) {
            out.append(*row.series).push_back(' ');
            append_value(row.value, out);
            if (snapshot.timestamps) {
                fmt::format_to(std::back_inserter(out), " {}", row.timestamp_ms);
            }
            out.push_back('\n');
        }
    }
    return out;
}

}  // namespace weir
