#include "pipeline/intake_ledger.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace weir {

namespace {

constexpr std::array<std::string_view, reject_reason_count> reject_names = {
    "oversize",     "not_allowed",   "listener_rate", "source_rate", "overload",
    "proxy_header", "session_bytes", "bad_frame",     "bad_chunk",   "decompressed_size"};
constexpr std::array<std::string_view, drop_reason_count> drop_names = {
    "rule", "log_full", "source_rate", "overload", "undecodable", "compact_gpb", "devices_max"};
constexpr std::array<std::string_view, refusal_reason_count> refusal_names = {
    "connections_max",
    "not_allowed",
    "handshake_timeout",
    "tls_handshake",
    "idle_timeout",
    "proxy_header",
    "connections_per_source_max",
    "handshakes_max",
    "evicted",
    "unknown_protocol",
    "unknown_method",
    "bad_framing"};

}  // namespace

std::string_view reject_reason_name(RejectReason reason) {
    return reject_names[static_cast<std::size_t>(reason)];
}

std::string_view drop_reason_name(DropReason reason) {
    return drop_names[static_cast<std::size_t>(reason)];
}

std::string_view refusal_reason_name(RefusalReason reason) {
    return refusal_names[static_cast<std::size_t>(reason)];
}

void IntakeLedger::add(const ListenerCounters& counters) {
    received += counters.received.value();
    accepted += counters.accepted.value();
    merged += counters.merged.value();
    held += counters.held.value();
    for (std::size_t i = 0; i < reject_reason_count; ++i) {
        rejected[std::string(reject_names[i])] += counters.rejected[i].value();
    }
    for (std::size_t i = 0; i < drop_reason_count; ++i) {
        dropped[std::string(drop_names[i])] += counters.dropped[i].value();
    }
}

IntakeLedger IntakeLedger::of(const ListenerCounters& counters) {
    IntakeLedger ledger{.received = counters.received.value(),
                        .accepted = counters.accepted.value(),
                        .merged = counters.merged.value(),
                        .held = counters.held.value()};
    const auto copy = [](const auto& from, const auto& names, auto& to) {
        for (std::size_t i = 0; i < names.size(); ++i) {
            if (const std::uint64_t count = from[i].value(); count != 0) {
                to.emplace(names[i], count);
            }
        }
    };
    copy(counters.rejected, reject_names, ledger.rejected);
    copy(counters.dropped, drop_names, ledger.dropped);
    return ledger;
}

void IntakeLedger::add(const IntakeLedger& more) {
    received += more.received;
    accepted += more.accepted;
    merged += more.merged;
    held += more.held;
    for (const auto& [reason, count] : more.rejected) {
        rejected[reason] += count;
    }
    for (const auto& [reason, count] : more.dropped) {
        dropped[reason] += count;
    }
}

IntakeLedger IntakeLedger::since(const IntakeLedger& before) const {
    IntakeLedger less{.received = received - before.received,
                      .accepted = accepted - before.accepted,
                      .merged = merged - before.merged,
                      .held = held - before.held};
    const auto subtract = [](const auto& now, const auto& then, auto& difference) {
        for (const auto& [reason, count] : now) {
            const auto known = then.find(reason);
            const std::uint64_t more = count - (known == then.end() ? 0 : known->second);
            if (more != 0) {
                difference.emplace(reason, more);
            }
        }
    };
    subtract(rejected, before.rejected, less.rejected);
    subtract(dropped, before.dropped, less.dropped);
    return less;
}

void IntakeLedger::end_held() {
    if (held != 0) {
        dropped["process_ended"] += std::exchange(held, 0);
    }
}

std::int64_t IntakeLedger::imbalance() const {
    std::uint64_t sum = accepted + merged + held;
    for (const auto& [reason, count] : rejected) {
        sum += count;
    }
    for (const auto& [reason, count] : dropped) {
        sum += count;
    }
    return static_cast<std::int64_t>(received - sum);
}

bool IntakeLedger::is_zero() const {
    bool zero = true;
    each([&zero](std::string_view, std::string_view, std::uint64_t) { zero = false; });
    return zero;
}

bool IntakeLedger::add_term(std::string_view term, std::string_view reason, std::uint64_t frames) {
    if (term == "rejected" || term == "dropped") {
        (term == "rejected" ? rejected : dropped)[std::string(reason)] += frames;
        return true;
    }
    std::uint64_t* place = term == "received"   ? &received
                           : term == "accepted" ? &accepted
                           : term == "merged"   ? &merged
                           : term == "held"     ? &held
                                                : nullptr;
    if (place == nullptr) {
        return false;
    }
    *place += frames;
    return true;
}

void add_account(IntakeAccount& sum, const IntakeAccount& more) {
    for (const auto& [listener, ledger] : more) {
        sum[listener].add(ledger);
    }
}

std::string to_text(const IntakeAccount& account) {
    std::string text;
    for (const auto& [listener, ledger] : account) {
        ledger.each([&text](std::string_view term, std::string_view reason, std::uint64_t frames) {
            text += term;
            if (!reason.empty()) {
                text += '.';
                text += reason;
            }
            text += '=' + std::to_string(static_cast<std::int64_t>(frames)) + ' ';
        });
        text += ':' + listener + '\n';
    }
    return text;
}

IntakeAccount intake_account_from_text(std::string_view text) {
    IntakeAccount account;
    while (!text.empty()) {
        std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        const std::size_t colon = line.find(':');
        if (colon == std::string_view::npos) {
            continue;
        }
        IntakeLedger& ledger = account[std::string(line.substr(colon + 1))];
        line = line.substr(0, colon);
        while (!line.empty()) {
            const std::string_view pair = line.substr(0, line.find(' '));
            line.remove_prefix(std::min(pair.size() + 1, line.size()));
            const std::string_view name = pair.substr(0, pair.find('='));
            const std::string_view number = pair.substr(std::min(name.size() + 1, pair.size()));
            const std::string_view term = name.substr(0, name.find('.'));
            const std::string_view reason = name.substr(std::min(term.size() + 1, name.size()));
            std::int64_t frames = 0;
            std::from_chars(number.data(), number.data() + number.size(), frames);
            static_cast<void>(ledger.add_term(term, reason, static_cast<std::uint64_t>(frames)));
        }
    }
    return account;
}

}  // namespace weir
