#include "app/parse_command.h"

#include "app/record_json.h"
#include "core/json.h"
#include "parsers/syslog.h"
#include "parsers/syslog_timestamp.h"
#include "parsers/utf8.h"

#include <fmt/format.h>
#include <simdjson.h>

#include <iostream>
#include <string>
#include <vector>

namespace weir {

namespace {

constexpr std::size_t read_bytes = 64 * 1024;

class Printer {
  public:
    Printer(const ParseCommandOptions& options, std::ostream& out) : options_(options), out_(out) {}

    void print(std::string_view message, bool octet_framed, Defects found) {
        if (!is_valid_utf8(message)) {
            repaired_.clear();
            append_valid_utf8(message, repaired_);
            message = repaired_;
            found.add(Defect::invalid_utf8);
        }
        parse_syslog(message, options_.dialect, record_);
        record_.defects.add(found);
        line_.clear();
        append_record_json(record_, {options_.received_at, octet_framed}, line_);
        line_ += '\n';
        out_.write(line_.data(), static_cast<std::streamsize>(line_.size()));
    }

  private:
    const ParseCommandOptions& options_;
    std::ostream& out_;
    Record record_;
    std::string repaired_;
    std::string line_;
};

void print_framed(const ParseCommandOptions& options, std::istream& in, Printer& printer) {
    Framer framer({.message_bytes_max = options.message_bytes_max,
                   .oversize = Oversize::truncate,
                   .mode = *options.framing});
    std::vector<char> buffer(Framer::buffer_bytes_needed(options.message_bytes_max) + read_bytes);
    std::size_t begin = 0;
    std::size_t end = 0;
    bool end_of_stream = false;
    while (true) {
        const FramingStep step = framer.next({buffer.data() + begin, end - begin}, end_of_stream);
        if (step.has_frame) {
            printer.print(step.frame, step.octet_counted, step.defects);
        }
        begin += step.consumed;
        if (step.has_frame || step.consumed > 0) {
            continue;
        }
        if (end_of_stream) {
            return;
        }
        std::copy(buffer.data() + begin, buffer.data() + end, buffer.data());
        end -= begin;
        begin = 0;
        in.read(buffer.data() + end, static_cast<std::streamsize>(buffer.size() - end));
        end += static_cast<std::size_t>(in.gcount());
        end_of_stream = !in;
    }
}

std::string_view without_line_end(std::string_view line) {
    if (!line.empty() && line.back() == '\r') {
        line.remove_suffix(1);
    }
    return line;
}

// Value that borrows. A message of the corpus format: `raw` holds the octet count where the device
// sent one.
struct Unframed {
    std::string_view message;
    bool octet_framed = false;
};

// "N <..." is taken off only when N is the length of what follows, one trailing LF left aside.
Unframed unframe(std::string_view raw) {
    std::size_t at = 0;
    std::size_t count = 0;
    while (at < raw.size() && at < 7 && raw[at] >= '0' && raw[at] <= '9') {
        count = count * 10 + static_cast<std::size_t>(raw[at] - '0');
        ++at;
    }
    if (at == 0 || raw[0] == '0' || raw.substr(at, 2) != " <") {
        return {raw};
    }
    const std::string_view rest = raw.substr(at + 1);
    const bool exact = rest.size() == count;
    const bool line = rest.size() == count + 1 && rest.back() == '\n';
    return exact || line ? Unframed{rest.substr(0, count), true} : Unframed{raw};
}

int print_ndjson(std::istream& in, Printer& printer, std::ostream& errors) {
    simdjson::dom::parser parser;
    std::string line;
    std::size_t number = 0;
    int status = 0;
    while (std::getline(in, line)) {
        ++number;
        if (without_line_end(line).empty()) {
            continue;
        }
        std::string_view raw;
        const simdjson::error_code error = parser.parse(line)["raw"].get(raw);
        if (error != simdjson::SUCCESS) {
            std::string text = R"({"error":)";
            append_json_string(simdjson::error_message(error), text);
            errors << text << fmt::format(",\"line\":{}}}\n", number);
            status = 1;
            continue;
        }
        const Unframed unframed = unframe(raw);
        printer.print(unframed.message, unframed.octet_framed, {});
    }
    return status;
}

}  // namespace

int run_parse_command(const ParseCommandOptions& options, std::istream& in, std::ostream& out,
                      std::ostream& errors) {
    Printer printer(options, out);
    int status = 0;
    if (options.ndjson) {
        status = print_ndjson(in, printer, errors);
    } else if (options.framing.has_value()) {
        print_framed(options, in, printer);
    } else {
        std::string line;
        while (std::getline(in, line)) {
            printer.print(without_line_end(line), false, {});
        }
    }
    out.flush();
    return out ? status : 1;
}

int run_parse_command(const ParseCommandOptions& options, std::istream& in, std::ostream& out) {
    return run_parse_command(options, in, out, std::cerr);
}

std::optional<FramingMode> framing_mode_from_name(std::string_view name) {
    if (name == "auto") {
        return FramingMode::automatic;
    }
    if (name == "octet") {
        return FramingMode::octet;
    }
    if (name == "lf") {
        return FramingMode::lf;
    }
    if (name == "nul") {
        return FramingMode::nul;
    }
    return std::nullopt;
}

Result<Timestamp> timestamp_from_rfc3339(std::string_view text) {
    DeviceTime time;
    const TimeScan scan = scan_device_time(text, ZoneNames::none, time);
    const bool complete = scan.reading == TimeReading::ok && scan.iso &&
                          scan.length == text.size() && time.has_offset;
    if (!complete) {
        return fail(
            fmt::format("'{}' is not an RFC 3339 time with an offset, such as "
                        "2026-11-21T06:47:00Z",
                        text));
    }
    const std::int64_t seconds = unix_seconds({.year = time.year,
                                               .month = time.month,
                                               .day = time.day,
                                               .hour = time.hour,
                                               .minute = time.minute,
                                               .second = time.second}) -
                                 std::int64_t{time.offset_minutes} * 60;
    // Nanoseconds since the epoch end in 2262.
    constexpr std::int64_t seconds_max = 9'223'372'035;
    if (seconds > seconds_max || seconds < -seconds_max) {
        return fail(fmt::format("'{}' is outside the years 1678 to 2261", text));
    }
    return Timestamp{seconds * ns_per_s + time.nanos};
}

}  // namespace weir
