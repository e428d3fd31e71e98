#include "app/spool_command.h"

#include "app/config_load.h"
#include "app/event_log.h"
#include "app/topology.h"
#include "pipeline/spool_log.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <ostream>

namespace weir {

namespace {

constexpr std::chrono::milliseconds drain_poll{200};
constexpr int polls_per_line = 25;

std::string reasons(const std::map<std::string, std::uint64_t>& counts) {
    std::string text;
    for (const auto& [reason, count] : counts) {
        text += fmt::format(" {}={}", reason, count);
    }
    return text;
}

std::uint64_t queued_records(const Status& status) {
    std::uint64_t queued = 0;
    for (const EndpointReport& endpoint : status.endpoints) {
        queued += endpoint.ledger.queued;
    }
    return queued;
}

std::string progress(const Status& status) {
    std::string text;
    for (const EndpointReport& endpoint : status.endpoints) {
        text += fmt::format("{}: {} records left, {} delivered, state {}\n", endpoint.name,
                            endpoint.ledger.queued, endpoint.ledger.delivered, endpoint.state);
    }
    return text;
}

}  // namespace

std::vector<std::string> spool_directories(const std::string& directory) {
    std::vector<std::string> found = {directory};
    const std::string metrics = directory + "/" + std::string(metrics_spool_folder);
    if (std::filesystem::exists(metrics + "/meta.db")) {
        found.push_back(metrics);
    }
    return found;
}

namespace {

int print_spool(const std::string& directory, std::ostream& out, std::ostream& messages) {
    const Result<SpoolContents> contents = SpoolLog::look(directory);
    if (!contents) {
        messages << "weir: " << contents.error().message << '\n';
        return 1;
    }
    out << fmt::format("{}: {} segments, {} bytes, batches up to {}, {} records in all\n",
                       directory, contents->segments, contents->bytes, contents->meta.head,
                       contents->meta.head_position);
    for (const auto& [endpoint, state] : contents->meta.books) {
        out << fmt::format("{}: {} records queued of {} appended, {} delivered", endpoint,
                           SpoolBook(state).queued(contents->meta.head_position), state.appended,
                           state.ends.delivered);
        if (!state.ends.dropped.empty()) {
            out << ", dropped" << reasons(state.ends.dropped);
        }
        if (!state.ends.dead_lettered.empty()) {
            out << ", dead letters" << reasons(state.ends.dead_lettered);
        }
        out << '\n';
    }
    return 0;
}

}  // namespace

int run_spool_status_command(const std::string& directory, std::ostream& out,
                             std::ostream& messages) {
    for (const std::string& place : spool_directories(directory)) {
        if (const int failed = print_spool(place, out, messages); failed != 0) {
            return failed;
        }
    }
    return 0;
}

int run_spool_drain_command(const SpoolDrainOptions& options, std::ostream& out,
                            std::ostream& messages) {
    ConfigOutcome outcome = load_config_file(options.config_file, {});
    for (const ConfigProblem& problem : outcome.problems) {
        messages << to_string(problem, options.config_file) << '\n';
    }
    if (!outcome.config) {
        return 1;
    }
    if (!std::filesystem::exists(options.directory + "/meta.db")) {
        messages << "weir: " << options.directory << " has no spool\n";
        return 1;
    }
    Config config = std::move(*outcome.config);
    config.listeners.clear();
    config.spool.directory = options.directory;
    const SystemClock clock;
    EventLog events(clock);
    Result<std::unique_ptr<Topology>> machine = Topology::build(std::move(config), clock, events);
    if (!machine) {
        messages << "weir: " << machine.error().message << '\n';
        return 1;
    }
    (*machine)->start();
    boost::asio::io_context io;
    boost::asio::steady_timer timer(io);
    for (int poll = 0; queued_records((*machine)->status()) > 0; ++poll) {
        if (poll % polls_per_line == 0) {
            out << progress((*machine)->status()) << std::flush;
        }
        timer.expires_after(drain_poll);
        timer.wait();
    }
    const bool delivered = (*machine)->drain();
    out << progress((*machine)->status());
    return delivered ? 0 : 1;
}

}  // namespace weir
