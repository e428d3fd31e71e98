#include "app/ledger_command.h"

#include "app/spool_command.h"
#include "core/result.h"
#include "core/time.h"
#include "pipeline/spool_log.h"
#include "sinks/http_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <fmt/format.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <vector>

namespace weir {

namespace {

using Json = nlohmann::ordered_json;
using Counts = std::map<std::string, std::uint64_t>;

constexpr int exit_imbalance = 3;
constexpr std::size_t status_bytes_max = 64UL * 1024 * 1024;

// Value. One endpoint, and what it says of itself if it runs.
struct EndpointAccount {
    std::string name;
    std::string state;
    DeliveryLedger ledger;
};

// Value. What is printed, wherever it is from.
struct Account {
    std::vector<std::pair<std::string, IntakeLedger>> listeners;
    std::vector<EndpointAccount> endpoints;
    Counts beside;  // what weir never had, by what says so
};

std::uint64_t sum(const Counts& counts) {
    std::uint64_t total = 0;
    for (const auto& [reason, count] : counts) {
        total += count;
    }
    return total;
}

IntakeLedger intake_from_json(const Json& listener) {
    return {.received = listener.at("received"),
            .accepted = listener.at("accepted"),
            .merged = listener.at("merged"),
            .held = listener.value("held", std::uint64_t{0}),
            .rejected = listener.at("rejected"),
            .dropped = listener.at("dropped")};
}

// Throws what nlohmann throws for anything that is not a status.
Account account_from_json(std::string_view text) {
    const Json status = Json::parse(text);
    Account account;
    for (const char* list : {"listeners", "former_listeners"}) {
        for (const Json& listener : status.at(list)) {
            account.listeners.emplace_back(listener.at("name"), intake_from_json(listener));
            account.beside["dropped by the kernel"] +=
                listener.value("kernel_dropped", std::uint64_t{0});
            account.beside["missing by the devices' own counters"] +=
                listener.value("network_lost", std::uint64_t{0});
        }
    }
    for (const Json& endpoint : status.at("endpoints")) {
        account.endpoints.push_back({.name = endpoint.at("name"),
                                     .state = endpoint.at("state"),
                                     .ledger = {.appended = endpoint.at("appended"),
                                                .delivered = endpoint.at("delivered"),
                                                .dropped = endpoint.at("dropped"),
                                                .dead_lettered = endpoint.at("dead_lettered"),
                                                .queued = endpoint.at("queued")}});
    }
    return account;
}

void add_spool(Account& account, const SpoolContents& contents) {
    for (const auto& [name, state] : contents.meta.books) {
        account.endpoints.push_back(
            {.name = name,
             .state = "-",
             .ledger = {.appended = state.appended,
                        .delivered = state.ends.delivered,
                        .dropped = state.ends.dropped,
                        .dead_lettered = state.ends.dead_lettered,
                        .queued = SpoolBook(state).queued(contents.meta.head_position)}});
    }
}

// Of the logs of records and of samples: a listener of telemetry has counted with both.
Result<Account> account_of_spools(const std::string& directory) {
    Account account;
    IntakeAccount intake;
    for (const std::string& place : spool_directories(directory)) {
        const Result<SpoolContents> contents = SpoolLog::look(place);
        if (!contents) {
            return tl::unexpected(contents.error());
        }
        add_spool(account, *contents);
        add_account(intake, contents->meta.intake);
    }
    for (const auto& [name, ledger] : intake) {
        account.listeners.emplace_back(name, ledger);
    }
    return account;
}

void print_reasons(const char* what, const Counts& counts, std::ostream& out) {
    for (const auto& [reason, count] : counts) {
        if (count > 0) {
            out << fmt::format("      {} {}: {}\n", what, reason, count);
        }
    }
}

std::string verdict(std::int64_t imbalance) {
    return imbalance == 0 ? "balances" : fmt::format("IMBALANCE of {}", imbalance);
}

void print_intake(const Account& account, std::ostream& out) {
    out << fmt::format("{:<24}{:>14}{:>12}{:>12}{:>12}{:>12}{:>14}\n", "received, in messages",
                       "received", "rejected", "dropped", "merged", "held", "accepted");
    for (const auto& [name, ledger] : account.listeners) {
        out << fmt::format("  {:<22}{:>14}{:>12}{:>12}{:>12}{:>12}{:>14}  {}\n", name,
                           ledger.received, sum(ledger.rejected), sum(ledger.dropped),
                           ledger.merged, ledger.held, ledger.accepted,
                           verdict(ledger.imbalance()));
        print_reasons("rejected", ledger.rejected, out);
        print_reasons("dropped", ledger.dropped, out);
    }
}

void print_delivery(const Account& account, std::ostream& out) {
    out << fmt::format("{:<24}{:>14}{:>14}{:>12}{:>14}{:>12}  {}\n", "delivered, in records",
                       "appended", "delivered", "lost", "dead letters", "queued", "state");
    for (const auto& [name, state, ledger] : account.endpoints) {
        out << fmt::format("  {:<22}{:>14}{:>14}{:>12}{:>14}{:>12}  {:<6}  {}\n", name,
                           ledger.appended, ledger.delivered, sum(ledger.dropped),
                           sum(ledger.dead_lettered), ledger.queued, state,
                           verdict(ledger.imbalance()));
        print_reasons("lost", ledger.dropped, out);
        print_reasons("dead letters", ledger.dead_lettered, out);
    }
}

int print(const Account& account, std::ostream& out) {
    bool balances = true;
    for (const auto& [name, ledger] : account.listeners) {
        balances = balances && ledger.balances();
    }
    for (const EndpointAccount& endpoint : account.endpoints) {
        balances = balances && endpoint.ledger.balances();
    }
    print_intake(account, out);
    print_delivery(account, out);
    for (const auto& [what, count] : account.beside) {
        if (count > 0) {
            out << fmt::format("never reached weir: {} {}\n", count, what);
        }
    }
    return balances ? 0 : exit_imbalance;
}

Result<std::string> fetch(const LedgerOptions& options) {
    boost::asio::io_context io{1};
    const SystemClock clock;
    HttpClient client(io,
                      {.url = options.url + "/api/v1/status",
                       .bearer_token_file = options.token_file,
                       .tls_ca = options.tls_ca,
                       .response_bytes_max = status_bytes_max},
                      clock);
    HttpResult result;
    boost::asio::co_spawn(
        io, [&]() -> boost::asio::awaitable<void> { result = co_await client.get(HttpQuery{}); },
        boost::asio::detached);
    io.run();
    if (result.error != TransportError::none) {
        return fail(fmt::format("{}: {}", client.display_url(), result.error_text));
    }
    if (result.response.status != 200) {
        return fail(fmt::format("{} answers {}", client.display_url(), result.response.status));
    }
    return std::move(result.response.body);
}

}  // namespace

int print_ledger(std::string_view status_json, std::ostream& out, std::ostream& messages) {
    Account account;
    try {
        account = account_from_json(status_json);
    } catch (const Json::exception& error) {
        messages << "weir: this is not the status of a weir: " << error.what() << '\n';
        return 1;
    }
    return print(account, out);
}

int run_ledger_command(const LedgerOptions& options, std::ostream& out, std::ostream& messages) {
    if (!options.spool_directory.empty()) {
        const Result<Account> account = account_of_spools(options.spool_directory);
        if (!account) {
            messages << "weir: " << account.error().message << '\n';
            return 1;
        }
        return print(*account, out);
    }
    const Result<std::string> status = fetch(options);
    if (!status) {
        messages << "weir: " << status.error().message << '\n';
        return 1;
    }
    return print_ledger(*status, out, messages);
}

}  // namespace weir
