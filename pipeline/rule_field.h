// RuleField: what a rule may look at, by the name that configuration uses. Part of pipeline/rules.
#pragma once

#include "core/labels.h"
#include "core/record.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace weir {

// What the rules see of one record, and rewrite in place. Everything is borrowed; `line` is the
// valid UTF-8 text that `record` was parsed from, so that a redaction of the line reaches the
// fields, which are views into it.
struct RuleInput {
    Record* record = nullptr;
    std::string_view line;
    std::string_view source_ip;
    std::string_view listener;
    std::string_view dialect;
    const Labels* base_labels = nullptr;  // null: none
    const Labels* own_labels = nullptr;   // win over base_labels; null: none
};

// Value. A field's texts: severity and facility have several spellings, every other has one.
// A view without data is absent and never matches.
using FieldTexts = std::array<std::string_view, 3>;

// Value.
class RuleField {
  public:
    enum class Kind : std::uint8_t {
        line,
        msg,
        hostname,
        app_name,
        proc_id,
        msg_id,
        structured_data,
        facility,  // "local7" and "23"
        severity,  // "error", "err" and "3"
        source_ip,
        listener,
        dialect,
        extra,  // any name of ExtraKey
        label,  // any of `known_labels`
    };

    // None when the name is no field. A record's own fields win over labels of the same name.
    [[nodiscard]] static std::optional<RuleField> from_name(
        std::string_view name, const std::set<std::string, std::less<>>& known_labels);

    [[nodiscard]] FieldTexts texts(const RuleInput& input) const;

    // The view in `input` that a redaction of this field rewrites; null for what a message does not
    // carry as text (severity, source_ip, labels, ...) and for an absent extra.
    [[nodiscard]] std::string_view* text_of(RuleInput& input) const;

    [[nodiscard]] bool is_text() const;

    [[nodiscard]] Kind kind() const { return kind_; }

    // Of a label only.
    [[nodiscard]] const std::string& label() const { return label_; }

  private:
    Kind kind_ = Kind::line;
    ExtraKey extra_ = ExtraKey::mnemonic;
    std::string label_;
};

}  // namespace weir
