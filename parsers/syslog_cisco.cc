#include "parsers/syslog_cisco.h"

#include "parsers/syslog_structured_data.h"
#include "parsers/syslog_tag.h"
#include "parsers/syslog_text.h"
#include "parsers/syslog_timestamp.h"

namespace weir {

namespace {

using namespace syslog_text;

constexpr int parts_max = 8;
constexpr std::size_t task_bytes_max = 64;
constexpr std::size_t mnemonic_bytes_max = 160;

bool is_severity_digit(char c) {
    return c >= '0' && c <= '7';
}

// Small Business switches write the severity's initial: "%STP-W-PORTSTATUS".
bool is_severity_letter(char c) {
    return std::string_view("ACDEIMNW").find(c) != std::string_view::npos;
}

// Where the first "-severity-" has its severity, 0 without one.
template <typename IsSeverity>
std::size_t severity_at(std::string_view word, IsSeverity is_severity) {
    for (std::size_t at = 3; at < word.size(); ++at) {
        if (word[at] == '-' && word[at - 2] == '-' && is_severity(word[at - 1])) {
            return at - 1;
        }
    }
    return 0;
}

// One word "%FAC-SEV-MNEMONIC"; the first "-digit-" splits it, since facilities have dashes too
// ("SYSMGR-STANDBY", "FTD-session") and so have mnemonics ("INFO-1400002").
CiscoMnemonic mnemonic_in_word(std::string_view text) {
    if (first(text) != '%' && first(text) != '#') {
        return {};
    }
    const std::string_view word = after(text, 1);
    const std::size_t length = span_of(word, mnemonic_char, mnemonic_bytes_max);
    std::size_t severity = severity_at(word.substr(0, length), is_severity_digit);
    if (severity == 0) {
        severity = severity_at(word.substr(0, length), is_severity_letter);
    }
    const bool ends = length >= word.size() || word[length] == ':' || is_blank(word[length]) ||
                      word[length] == '(' || word[length] == '[';
    if (severity < 2 || length < severity + 3 || !ends || !is(word[0], digit | upper | lower)) {
        return {};
    }
    std::string_view facility = word.substr(0, severity - 1);
    while (facility.size() > 1 && facility.back() == '-') {
        facility.remove_suffix(1);  // "%ASA--4-722041"
    }
    return {word.substr(0, length), facility, word.substr(severity, 1),
            word.substr(severity + 2, length - severity - 2)};
}

// "RP/0/RP0/CPU0:", "LC/0/3/CPU0:", "0/RP0/ADMIN0:". Its length with the ':', 0 when it is none.
std::size_t node_length(std::string_view text) {
    std::size_t slashes = 0;
    std::size_t at = 0;
    while (at < text.size() && at < 40 && (is(text[at], digit | upper) || text[at] == '/')) {
        slashes += text[at] == '/' ? 1U : 0U;
        ++at;
    }
    return slashes >= 2 && at < text.size() && text[at] == ':' ? at + 1 : 0;
}

// "101 21": the supervisor counts its uptime before the clock is set. Its length, or 0.
std::size_t two_numbers_length(std::string_view text) {
    const std::size_t one = span_of(text, digit, 8);
    if (one == 0 || one + 1 >= text.size() || text[one] != ' ') {
        return 0;
    }
    const std::size_t two = span_of(after(text, one + 1), digit, 8);
    return two > 0 && first(after(text, one + 1 + two)) == ':' ? one + 1 + two : 0;
}

// "585917: " or "Jul 14 2023 08:23:43 UTC: ", which a host without a colon may precede.
bool begins_sequence_or_time(std::string_view text) {
    const std::size_t digits = span_of(text, digit, 12);
    if (digits > 0 && digits + 1 < text.size() && text[digits] == ':' &&
        is_blank(text[digits + 1])) {
        return true;
    }
    DeviceTime time;
    const TimeScan scan = scan_device_time(text, ZoneNames::any_before_colon, time);
    return scan.reading == TimeReading::ok && first(skip_blanks(after(text, scan.length))) == ':';
}

struct HeaderScan {
    std::string_view rest;
    CiscoPlace place;
    CiscoHeader& header;
    bool led_by_colon = false;

    enum class Step : std::uint8_t { more, done, fail };

    [[nodiscard]] bool certain() const {
        return header.counter.data() != nullptr || header.node.data() != nullptr ||
               header.task.data() != nullptr || header.structured_data.data() != nullptr;
    }

    Step finish(std::string_view tail) {
        header.rest = tail;
        return Step::done;
    }

    // "3132517: Jul 13 08:23:43 relay sw1: 3132779: Jul 14 2023 08:23:43 UTC: %...": a relay that
    // counts, too. The inner header is the device's.
    bool take_relayed(const TimeScan& outer, std::string_view tail) {
        const std::string_view word = tail.substr(0, word_length(tail));
        CiscoHeader inner;
        if (header.hostname.data() != nullptr || !is_hostname(word) || word.back() == ':' ||
            !scan_cisco_header(skip_blanks(after(tail, word.size())), CiscoPlace::behind_header,
                               inner) ||
            !inner.time.present) {
            return false;
        }
        header.relay_time_text = rest.substr(0, outer.length);
        header.relay_host = word;
        header.sequence = inner.counter;
        header.hostname = inner.hostname.data() != nullptr ? inner.hostname : word;
        header.node = inner.node;
        header.time = inner.time;
        header.time_text = inner.time_text;
        header.rest = inner.rest;
        return true;
    }

    // "time:" or "time %": the end of the header. Without a counter or the like the colon must be
    // there, and a numeric date needs a mnemonic too: applications write those everywhere.
    Step end_with_time(const TimeScan& scan) {
        const std::string_view behind = after(rest, scan.length);
        std::string_view tail = skip_blanks(behind);
        const bool colon =
            first(tail) == ':' && (tail.size() == 1 || is_blank(tail[1]) || tail[1] == '%');
        if (colon) {
            tail = skip_blanks(after(tail, 1));
        }
        const bool mnemonic = first(tail) == '%';
        if (!colon && !mnemonic && place == CiscoPlace::line_start && certain() &&
            take_relayed(scan, tail)) {
            return Step::done;
        }
        const bool marked = header.time.clock_mark != '\0';
        if (!mnemonic && !certain() && !(colon && (marked || !scan.iso))) {
            return Step::fail;
        }
        if (place == CiscoPlace::behind_header && header.hostname.data() != nullptr && !mnemonic &&
            header.counter.data() == nullptr) {
            return Step::fail;  // "host app: 2 Jan 2022 10:00:00: text" is a tag and its text
        }
        header.time_text = rest.substr(0, scan.length);
        return finish(tail);
    }

    Step try_time() {
        const ZoneNames zones = certain() ? ZoneNames::any_before_colon : ZoneNames::known;
        const TimeScan scan = scan_device_time(rest, zones, header.time);
        if (scan.reading == TimeReading::none) {
            return Step::more;
        }
        header.time_out_of_range = scan.reading == TimeReading::out_of_range;
        return end_with_time(scan);
    }

    Step try_uptime() {
        std::size_t length = scan_uptime(rest);
        const bool bare = length == 0;
        if (bare) {
            length = two_numbers_length(rest);
        }
        std::string_view tail = skip_blanks(after(rest, length));
        if (length == 0 || first(tail) != ':') {
            return Step::more;
        }
        tail = skip_blanks(after(tail, 1));
        if (first(tail) != '%' && (bare || !certain())) {
            return Step::fail;
        }
        header.time.uptime = rest.substr(0, length);
        return finish(tail);
    }

    Step take_structured_data() {
        const StructuredDataScan scan = scan_structured_data(rest);
        const std::string_view behind = after(rest, scan.length);
        const bool named = rest.substr(0, scan.length).find('=') != std::string_view::npos;
        if (!named || first(behind) != ':' || header.structured_data.data() != nullptr) {
            return Step::fail;
        }
        header.structured_data = rest.substr(0, scan.length);
        rest = after(behind, 1);
        return Step::more;
    }

    // AireOS: "*SISF BT Process: Aug 22 16:23:51.121: %...".
    Step take_task() {
        const std::string_view name = rest.substr(1, task_bytes_max);
        const std::size_t length = name.find(": ");
        if (length == std::string_view::npos || length == 0 || !is_letter(name[0]) ||
            header.task.data() != nullptr) {
            return Step::fail;
        }
        header.task = name.substr(0, length);
        rest.remove_prefix(length + 2);
        return Step::more;
    }

    Step take_number(std::string_view number) {
        if (header.counter.data() == nullptr) {
            header.counter = number;
        } else if (header.sequence.data() == nullptr) {
            header.sequence = number;
        } else {
            return Step::fail;
        }
        return Step::more;
    }

    Step take_word() {
        if (const std::size_t length = node_length(rest); length > 0) {
            header.node = rest.substr(0, length - 1);
            rest.remove_prefix(length);
            return Step::more;
        }
        std::string_view word = rest.substr(0, word_length(rest));
        std::string_view behind = after(rest, word.size());
        const bool colon = word.size() > 1 && word.back() == ':';
        if (colon) {
            word.remove_suffix(1);
            if (all_of_class(word, digit) && word.size() <= 12) {
                rest = behind;
                return take_number(word);
            }
        } else {
            const std::string_view next = skip_blanks(behind);
            const bool separate_colon = next.size() > 1 && next[0] == ':' && is_blank(next[1]);
            if (separate_colon) {
                behind = after(next, 1);
            } else if (node_length(next) == 0 &&
                       !((certain() || led_by_colon) && begins_sequence_or_time(next))) {
                return Step::fail;
            }
        }
        if (header.hostname.data() != nullptr || !is_hostname(word)) {
            return Step::fail;
        }
        header.hostname = word;
        rest = behind;
        return Step::more;
    }

    Step step() {
        rest = skip_blanks(rest);
        switch (first(rest)) {
            case '\0':
                return Step::fail;
            case '%':
                return scan_cisco_mnemonic(rest).id.data() != nullptr ? finish(rest) : Step::fail;
            case ':':
                rest.remove_prefix(1);
                led_by_colon = true;
                return Step::more;
            case '[':
                return take_structured_data();
            default:
                break;
        }
        const char c = rest[0];
        if (c == '*' || c == '.' || is(c, digit | upper | lower)) {
            Step step = try_time();
            if (step == Step::more && is_digit(c)) {
                step = try_uptime();
            }
            if (step != Step::more) {
                return step;
            }
        }
        return c == '*' ? take_task() : take_word();
    }
};

}  // namespace

CiscoMnemonic scan_cisco_mnemonic(std::string_view text) {
    if (text.size() < 5 || (text[0] != '%' && text[0] != '#')) {
        return {};
    }
    CiscoMnemonic found = mnemonic_in_word(text);
    if (found.id.data() == nullptr && text[0] == '%') {
        // "%$ VDC-2 %$ %ETHPORT-5-IF_UP" has blanks where other releases have none.
        constexpr std::size_t context_bytes_max = 40;
        const std::size_t close = text.substr(0, context_bytes_max).find(" %$ ", 2);
        if (text.starts_with("%$ ") && close != std::string_view::npos) {
            return mnemonic_in_word(skip_blanks(after(text, close + 4)));
        }
        const std::string_view next = skip_blanks(after(text, word_length(text, 64)));
        if (first(next) == '%') {
            found = mnemonic_in_word(next);
        }
    }
    return found;
}

bool scan_cisco_header(std::string_view text, CiscoPlace place, CiscoHeader& header) {
    HeaderScan scan{.rest = text, .place = place, .header = header};
    for (int part = 0; part < parts_max; ++part) {
        switch (scan.step()) {
            case HeaderScan::Step::done:
                return true;
            case HeaderScan::Step::fail:
                return false;
            case HeaderScan::Step::more:
                break;
        }
    }
    return false;
}

bool read_cisco_message(std::string_view text, Record& record) {
    const CiscoMnemonic found = scan_cisco_mnemonic(text);
    if (found.id.data() == nullptr) {
        return false;
    }
    if (record.msg_id.data() == nullptr) {
        record.msg_id = found.id;
    }
    if (record.app_name.data() == nullptr) {
        record.app_name = found.facility;
    }
    record.add_extra(ExtraKey::cisco_facility, found.facility);
    if (is_severity_digit(found.severity[0])) {
        record.add_extra(ExtraKey::cisco_severity, found.severity);
    }
    record.add_extra(ExtraKey::mnemonic, found.mnemonic);
    record.msg = text;
    return true;
}

void read_cisco_tail(std::string_view text, Record& record) {
    text = skip_blanks(text);
    if (text.empty() || read_cisco_message(text, record)) {
        return;
    }
    const bool behind_node = record.extra(ExtraKey::node).data() != nullptr;
    if (const Tag tag = scan_tag(text); tag.length > 0) {
        const std::string_view behind = skip_blanks(after(text, tag.length));
        const bool mnemonic = scan_cisco_mnemonic(behind).id.data() != nullptr;
        if (mnemonic && tag.proc_id.data() == nullptr && !behind_node &&
            record.hostname.data() == nullptr) {
            record.hostname = tag.name;
        } else if (mnemonic || behind_node) {
            record.app_name = tag.name;
            record.proc_id = tag.proc_id;
        }
        if (mnemonic && read_cisco_message(behind, record)) {
            return;
        }
        const std::string_view rest = behind_node ? behind : text;
        if (!rest.empty()) {
            record.msg = rest;
        }
        return;
    }
    const std::string_view word = text.substr(0, word_length(text));
    const std::string_view behind = skip_blanks(after(text, word.size()));
    if (record.hostname.data() == nullptr && first(behind) == '%' && is_hostname(word) &&
        read_cisco_message(behind, record)) {
        record.hostname = word;
        return;
    }
    record.msg = text;
}

void apply_cisco_header(const CiscoHeader& header, CiscoPlace place,
                        std::string_view relay_time_text, Record& record) {
    const bool relayed = place == CiscoPlace::behind_header;
    if (header.counter.data() != nullptr) {
        const bool alone = header.sequence.data() == nullptr;
        record.add_extra(relayed && alone ? ExtraKey::sequence : ExtraKey::msg_counter,
                         header.counter);
    }
    if (header.relay_host.data() != nullptr) {
        record.add_extra(ExtraKey::relay_timestamp, header.relay_time_text);
        record.add_extra(ExtraKey::relay_host, header.relay_host);
    }
    if (header.sequence.data() != nullptr) {
        record.add_extra(ExtraKey::sequence, header.sequence);
    }
    if (header.time.present || header.time_out_of_range) {
        if (relayed) {
            record.add_extra(ExtraKey::relay_timestamp, relay_time_text);
            record.add_extra(ExtraKey::relay_host, record.hostname);
        }
        record.timestamp = header.time;
        if (header.time_out_of_range) {
            record.defects.add(Defect::bad_timestamp);
            record.add_extra(ExtraKey::vendor_timestamp, header.time_text);
        }
    } else if (header.time.uptime.data() != nullptr) {
        record.timestamp.uptime = header.time.uptime;
    }
    if (header.hostname.data() != nullptr) {
        const bool timed =
            header.time.present || header.time_out_of_range || header.time.uptime.data() != nullptr;
        if (relayed && !timed && record.hostname.data() != nullptr) {
            record.app_name = header.hostname;  // EOS: "host Ebra: 27: %LINEPROTO-5-UPDOWN"
        } else {
            record.hostname = header.hostname;
        }
    }
    if (header.structured_data.data() != nullptr) {
        record.structured_data = header.structured_data;
    }
    if (header.task.data() != nullptr) {
        record.add_extra(ExtraKey::task, header.task);
    }
    if (header.node.data() != nullptr) {
        record.add_extra(ExtraKey::node, header.node);
    }
    read_cisco_tail(header.rest, record);
}

}  // namespace weir
