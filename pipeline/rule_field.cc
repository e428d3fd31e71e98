#include "pipeline/rule_field.h"

#include "pipeline/record_metadata.h"

#include <utility>

namespace weir {

namespace {

using Kind = RuleField::Kind;

constexpr std::array<std::pair<std::string_view, Kind>, 12> kinds = {{
    {"line", Kind::line},
    {"msg", Kind::msg},
    {"hostname", Kind::hostname},
    {"app_name", Kind::app_name},
    {"proc_id", Kind::proc_id},
    {"msg_id", Kind::msg_id},
    {"structured_data", Kind::structured_data},
    {"facility", Kind::facility},
    {"severity", Kind::severity},
    {"source_ip", Kind::source_ip},
    {"listener", Kind::listener},
    {"dialect", Kind::dialect},
}};

constexpr std::array<std::string_view, 24> digits = {
    "0",  "1",  "2",  "3",  "4",  "5",  "6",  "7",  "8",  "9",  "10", "11",
    "12", "13", "14", "15", "16", "17", "18", "19", "20", "21", "22", "23"};

// The keywords of syslog.conf, which people write in rules.
constexpr std::array<std::string_view, 8> severity_keywords = {
    "emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"};

FieldTexts severity_texts(std::int8_t severity) {
    if (severity < 0) {
        return {};
    }
    const auto number = static_cast<std::size_t>(severity);
    return {severity_name(severity), severity_keywords[number], digits[number]};
}

FieldTexts facility_texts(std::int8_t facility) {
    if (facility < 0) {
        return {};
    }
    return {facility_name(facility), digits[static_cast<std::size_t>(facility)], {}};
}

std::string_view label_text(const RuleInput& input, const std::string& name) {
    for (const Labels* labels : {input.own_labels, input.base_labels}) {
        if (labels == nullptr) {
            continue;
        }
        if (const auto found = labels->find(name); found != labels->end()) {
            return found->second;
        }
    }
    return {};
}

}  // namespace

std::optional<RuleField> RuleField::from_name(
    std::string_view name, const std::set<std::string, std::less<>>& known_labels) {
    RuleField field;
    for (const auto& [known, kind] : kinds) {
        if (known == name) {
            field.kind_ = kind;
            return field;
        }
    }
    for (std::size_t i = 0; i < extra_key_count; ++i) {
        if (extra_key_name(static_cast<ExtraKey>(i)) == name) {
            field.kind_ = Kind::extra;
            field.extra_ = static_cast<ExtraKey>(i);
            return field;
        }
    }
    if (known_labels.contains(name)) {
        field.kind_ = Kind::label;
        field.label_ = name;
        return field;
    }
    return std::nullopt;
}

FieldTexts RuleField::texts(const RuleInput& input) const {
    const Record& record = *input.record;
    switch (kind_) {
        case Kind::line:
            return {input.line};
        case Kind::msg:
            return {record.msg};
        case Kind::hostname:
            return {record.hostname};
        case Kind::app_name:
            return {record.app_name};
        case Kind::proc_id:
            return {record.proc_id};
        case Kind::msg_id:
            return {record.msg_id};
        case Kind::structured_data:
            return {record.structured_data};
        case Kind::facility:
            return facility_texts(record.facility);
        case Kind::severity:
            return severity_texts(record.severity);
        case Kind::source_ip:
            return {input.source_ip};
        case Kind::listener:
            return {input.listener};
        case Kind::dialect:
            return {input.dialect};
        case Kind::extra:
            return {record.extra(extra_)};
        case Kind::label:
            return {label_text(input, label_)};
    }
    return {};
}

bool RuleField::is_text() const {
    return kind_ <= Kind::structured_data || kind_ == Kind::extra;
}

std::string_view* RuleField::text_of(RuleInput& input) const {
    if (!is_text()) {
        return nullptr;
    }
    if (kind_ == Kind::line) {
        return &input.line;
    }
    // The field is found among the record's texts by being the same view.
    const std::string_view wanted = texts(input)[0];
    std::string_view* found = nullptr;
    if (wanted.data() != nullptr) {
        input.record->for_each_text([&](std::string_view& text) {
            if (text.data() == wanted.data() && text.size() == wanted.size()) {
                found = &text;
            }
        });
    }
    return found;
}

}  // namespace weir
