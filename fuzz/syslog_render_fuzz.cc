// parse(render(record)) agrees: fields made from the input are written as RFC 5424 text (section 6)
// and must be read back as they were.
#include "core/assert.h"
#include "parsers/syslog.h"

#include <fmt/format.h>

#include <cstdint>
#include <string>
#include <string_view>

namespace {

// Hands out parts of the input.
class Input {
  public:
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    std::uint8_t byte() {
        const std::uint8_t first = rest_.empty() ? 0 : static_cast<std::uint8_t>(rest_.front());
        rest_.remove_prefix(rest_.empty() ? 0 : 1);
        return first;
    }

    // Letters, digits and what else a name may hold, 0 to `most` of them: what is a name to every
    // reading. An empty one is written as "-".
    std::string name(std::size_t most) {
        constexpr std::string_view letters =
            "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._";
        std::string name;
        for (std::size_t left = byte() % (most + 1); left > 0; --left) {
            name += letters[byte() % letters.size()];
        }
        return name;
    }

    // Text without what would make it another dialect's.
    std::string text() {
        std::string text = "text ";
        while (!rest_.empty()) {
            const char c = static_cast<char>(' ' + byte() % 95);
            text += c == '%' || c == '<' || c == '=' || c == ':' || c == '[' ? 'x' : c;
        }
        while (text.back() == ' ') {
            text.pop_back();
        }
        return text;
    }

  private:
    std::string_view rest_;
};

std::string nil_or(const std::string& field) {
    return field.empty() ? "-" : field;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Input input({reinterpret_cast<const char*>(data), size});
    const int pri = input.byte() % 192;
    const int month = input.byte() % 12 + 1;
    const int day = input.byte() % 28 + 1;
    const int hour = input.byte() % 24;
    const int minute = input.byte() % 60;
    const int second = input.byte() % 60;
    const int micros = input.byte() * 3906;
    const std::string hostname = input.name(63);
    const std::string app_name = input.name(48);
    const std::string proc_id = input.name(32);
    const std::string msg_id = input.name(32);
    const std::string value = input.name(16);
    const std::string data_text = value.empty() ? "-" : fmt::format(R"([id@1 key="{}"])", value);
    const std::string msg = input.text();
    const std::string line =
        fmt::format("<{}>1 2026-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z {} {} {} {} {} {}", pri, month,
                    day, hour, minute, second, micros, nil_or(hostname), nil_or(app_name),
                    nil_or(proc_id), nil_or(msg_id), data_text, msg);
    weir::Record record;
    weir::parse_syslog(line, weir::Dialect::rfc5424, record);
    WEIR_ASSERT(record.rfc5424);
    WEIR_ASSERT(record.facility == pri / 8 && record.severity == pri % 8);
    WEIR_ASSERT(record.timestamp.present && record.timestamp.zulu);
    WEIR_ASSERT(record.timestamp.month == month && record.timestamp.day == day);
    WEIR_ASSERT(record.timestamp.hour == hour && record.timestamp.minute == minute);
    WEIR_ASSERT(record.timestamp.second == second);
    WEIR_ASSERT(record.timestamp.nanos == static_cast<std::uint32_t>(micros) * 1000);
    WEIR_ASSERT(record.hostname == hostname && record.app_name == app_name);
    WEIR_ASSERT(record.proc_id == proc_id && record.msg_id == msg_id);
    WEIR_ASSERT(record.structured_data == (value.empty() ? "" : data_text));
    WEIR_ASSERT(record.msg == msg);
    return 0;
}
