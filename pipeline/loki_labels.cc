// The reader of Loki's label text, kept apart from the protobuf reader.
#include "pipeline/loki_decoder.h"

#include <optional>

namespace weir {

namespace {

void append_utf8(std::uint32_t code, std::string& out) {
    const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
    if (code < 0x80) {
        put(code);
    } else if (code < 0x800) {
        put(0xc0 | (code >> 6));
        put(0x80 | (code & 0x3f));
    } else if (code < 0x10000) {
        put(0xe0 | (code >> 12));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    } else {
        put(0xf0 | (code >> 18));
        put(0x80 | ((code >> 12) & 0x3f));
        put(0x80 | ((code >> 6) & 0x3f));
        put(0x80 | (code & 0x3f));
    }
}

// Walks label text from the front. `rest_` is what has not been read.
class LabelReader {
  public:
    explicit LabelReader(std::string_view text) : rest_(text) {}

    [[nodiscard]] bool eat(char wanted) {
        if (rest_.empty() || rest_.front() != wanted) {
            return false;
        }
        rest_.remove_prefix(1);
        return true;
    }

    void skip_spaces() {
        while (eat(' ')) {
        }
    }

    [[nodiscard]] std::string_view name() {
        const std::size_t end = rest_.find_first_of("=, }\"");
        const std::string_view found = rest_.substr(0, end);
        rest_.remove_prefix(found.size());
        return found;
    }

    // The text up to and including the closing quote, undone. Nothing when it does not close or an
    // escape is not one of Go's.
    [[nodiscard]] std::optional<std::string> quoted() {
        std::string value;
        while (!rest_.empty()) {
            const char c = rest_.front();
            rest_.remove_prefix(1);
            if (c == '"') {
                return value;
            }
            if (c != '\\') {
                value += c;
            } else if (!escape(value)) {
                return std::nullopt;
            }
        }
        return std::nullopt;
    }

    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    [[nodiscard]] bool escape(std::string& out) {
        if (rest_.empty()) {
            return false;
        }
        const char kind = rest_.front();
        rest_.remove_prefix(1);
        static constexpr std::string_view letters = "abfnrtv\\\"'";
        static constexpr std::string_view meanings = "\a\b\f\n\r\t\v\\\"'";
        if (const std::size_t at = letters.find(kind); at != std::string_view::npos) {
            out += meanings[at];
            return true;
        }
        if (kind == 'x') {
            return hex(2, out, true);
        }
        if (kind == 'u') {
            return hex(4, out, false);
        }
        return kind == 'U' && hex(8, out, false);
    }

    [[nodiscard]] bool hex(std::size_t digits, std::string& out, bool one_byte) {
        if (rest_.size() < digits) {
            return false;
        }
        std::uint32_t code = 0;
        for (const char c : rest_.substr(0, digits)) {
            std::uint32_t digit = 0;
            if (c >= '0' && c <= '9') {
                digit = static_cast<std::uint32_t>(c - '0');
            } else if (c >= 'a' && c <= 'f') {
                digit = static_cast<std::uint32_t>(c - 'a') + 10;
            } else if (c >= 'A' && c <= 'F') {
                digit = static_cast<std::uint32_t>(c - 'A') + 10;
            } else {
                return false;
            }
            code = code << 4 | digit;
        }
        rest_.remove_prefix(digits);
        if (one_byte) {
            out += static_cast<char>(code);
            return true;
        }
        if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) {
            return false;
        }
        append_utf8(code, out);
        return true;
    }

    std::string_view rest_;
};

}  // namespace

Result<Labels> parse_loki_labels(std::string_view text) {
    LabelReader reader(text);
    if (!reader.eat('{')) {
        return fail("labels do not start with {");
    }
    Labels labels;
    reader.skip_spaces();
    while (!reader.eat('}')) {
        if (!labels.empty() && !reader.eat(',')) {
            return fail("no comma between labels");
        }
        reader.skip_spaces();
        const std::string_view name = reader.name();
        if (name.empty() || !reader.eat('=') || !reader.eat('"')) {
            return fail("a label is not name=\"value\"");
        }
        std::optional<std::string> value = reader.quoted();
        if (!value) {
            return fail("a label's value is not closed or badly escaped");
        }
        if (!labels.try_emplace(std::string(name), std::move(*value)).second) {
            return fail("a label is there twice");
        }
        reader.skip_spaces();
    }
    if (!reader.at_end()) {
        return fail("text after the labels");
    }
    return labels;
}

}  // namespace weir
