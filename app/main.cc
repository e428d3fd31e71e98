// Entry point: the command line. Each subcommand is one file of its own.
#include "app/check_command.h"
#include "app/dead_letters_command.h"
#include "app/decode_mdt_command.h"
#include "app/ledger_command.h"
#include "app/parse_command.h"
#include "app/run_command.h"
#include "app/send_mdt_command.h"
#include "app/spool_command.h"

#include <CLI/CLI.hpp>

#include <chrono>
#include <fstream>
#include <iostream>
#include <malloc.h>
#include <optional>
#include <string>
#include <sys/stat.h>

namespace {

struct ParseArguments {
    std::string dialect = "any";
    std::string framing;
    std::string received_at;
    bool ndjson = false;
};

int usage_error(const std::string& message) {
    std::cerr << "weir: " << message << "\n";
    return 2;
}

CLI::App* add_parse(CLI::App& app, ParseArguments& arguments) {
    CLI::App* parse = app.add_subcommand("parse", "Show what weir reads in each line of stdin");
    parse->add_option("--dialect", arguments.dialect,
                      "Pin a dialect: any, rfc5424, rfc3164, cisco, nutanix, raw");
    parse->add_option("--received-at", arguments.received_at,
                      "Receive time (RFC 3339) that completes a missing year");
    parse->add_option("--framing", arguments.framing,
                      "Read stdin as a stream: octet, lf, nul, auto");
    parse->add_flag("--ndjson", arguments.ndjson,
                    "Each line is a JSON object with the message in \"raw\"");
    return parse;
}

int run_parse(const ParseArguments& arguments) {
    weir::ParseCommandOptions options{.ndjson = arguments.ndjson};
    const auto dialect = weir::dialect_from_name(arguments.dialect);
    if (!dialect) {
        return usage_error("--dialect: \"" + arguments.dialect +
                           "\" is none of any, rfc5424, rfc3164, cisco, nutanix, raw");
    }
    options.dialect = *dialect;
    if (!arguments.framing.empty()) {
        options.framing = weir::framing_mode_from_name(arguments.framing);
        if (!options.framing) {
            return usage_error("--framing: \"" + arguments.framing +
                               "\" is none of octet, lf, nul, auto");
        }
    }
    if (!arguments.received_at.empty()) {
        const auto time = weir::timestamp_from_rfc3339(arguments.received_at);
        if (!time) {
            return usage_error("--received-at: " + time.error().message);
        }
        options.received_at = *time;
    }
    return weir::run_parse_command(options, std::cin, std::cout);
}

// Batches and buffers come and go by the megabyte. Left alone, glibc stops giving such blocks back
// to the system once one was freed, and a queue that was full stays resident.
void keep_large_blocks_apart() {
    constexpr int large_block_bytes = 128 * 1024;
    mallopt(M_MMAP_THRESHOLD, large_block_bytes);
    mallopt(M_TRIM_THRESHOLD, large_block_bytes);
}

// What devices say is not for everybody on the host: the spool, the files of lines, dead letters.
void keep_files_private() {
    constexpr mode_t not_for_others = 0027;
    umask(not_for_others);
}

// `weir spool`: status and drain.
struct SpoolArguments {
    weir::SpoolDrainOptions drain_options;
    CLI::App* status = nullptr;
    CLI::App* drain = nullptr;
};

void add_spool(CLI::App& app, SpoolArguments& arguments) {
    CLI::App* group = app.add_subcommand("spool", "Look into a spool directory, or deliver it");
    group->require_subcommand(1);
    arguments.status = group->add_subcommand("status", "Show what is queued for whom");
    arguments.drain =
        group->add_subcommand("drain", "Deliver what a weir that is gone left, and end");
    for (CLI::App* each : {arguments.status, arguments.drain}) {
        each->add_option("directory", arguments.drain_options.directory, "Spool directory")
            ->required();
    }
    arguments.drain
        ->add_option("-c,--config", arguments.drain_options.config_file,
                     "Configuration with the endpoints")
        ->required();
}

int run_spool(const SpoolArguments& arguments) {
    if (*arguments.status) {
        return weir::run_spool_status_command(arguments.drain_options.directory, std::cout,
                                              std::cerr);
    }
    keep_large_blocks_apart();
    keep_files_private();
    return weir::run_spool_drain_command(arguments.drain_options, std::cout, std::cerr);
}

CLI::App* add_ledger(CLI::App& app, weir::LedgerOptions& options) {
    CLI::App* ledger =
        app.add_subcommand("ledger", "Show what was received, delivered, lost and queued");
    ledger->add_option("--url", options.url, "Admin port of a weir that runs")
        ->capture_default_str();
    ledger->add_option("--token-file", options.token_file, "Token that the admin port asks for");
    ledger->add_option("--ca", options.tls_ca, "Issuers of the admin port's certificate (PEM)");
    ledger->add_option("--spool", options.spool_directory,
                       "Read a spool directory instead; of a weir that runs, what it told last");
    return ledger;
}

// `weir dead-letters`: four commands over one selection of letters.
struct DeadLettersArguments {
    weir::DeadLettersPlace place;
    weir::LetterSelection selection;
    std::string before;
    std::optional<std::size_t> letters_max;
    bool json = false;
    bool all = false;
    double timeout_s = 60;
    CLI::App* list = nullptr;
    CLI::App* show = nullptr;
    CLI::App* replay = nullptr;
    CLI::App* purge = nullptr;
};

void add_dead_letters(CLI::App& app, DeadLettersArguments& arguments) {
    CLI::App* group =
        app.add_subcommand("dead-letters", "Show, replay or remove what endpoints refused");
    group->require_subcommand(1);
    arguments.list = group->add_subcommand("list", "Show letters and how many there are");
    arguments.show = group->add_subcommand("show", "Show all there is of single letters");
    arguments.replay =
        group->add_subcommand("replay", "Send letters again; those that are taken go");
    arguments.purge = group->add_subcommand("purge", "Remove letters");
    for (CLI::App* each : {arguments.list, arguments.show, arguments.replay, arguments.purge}) {
        each->add_option("-c,--config", arguments.place.config_file,
                         "Configuration that names the file");
        each->add_option("--file", arguments.place.file, "The file itself");
        if (each != arguments.list) {
            each->add_option("id", arguments.selection.ids, "Letters")
                ->required(each == arguments.show);
        }
        if (each != arguments.show) {
            each->add_option("--endpoint", arguments.selection.endpoint, "Only of this endpoint");
            each->add_option("--reason", arguments.selection.reason, "Only for this reason");
        }
    }
    arguments.list->add_option("--limit", arguments.letters_max,
                               "So many letters at most; 0 for all (default: 100, JSON: all)");
    arguments.list->add_flag("--json", arguments.json, "One JSON object a line");
    arguments.replay
        ->add_option("--timeout", arguments.timeout_s, "Seconds after which the rest is left")
        ->check(CLI::Range(1.0, 86400.0));
    arguments.purge->add_option("--before", arguments.before,
                                "Only those refused before (RFC 3339)");
    arguments.purge->add_flag("--all", arguments.all, "All of them");
}

int run_dead_letters(DeadLettersArguments& arguments) {
    if (!arguments.before.empty()) {
        const auto before = weir::timestamp_from_rfc3339(arguments.before);
        if (!before) {
            return usage_error("--before: " + before.error().message);
        }
        arguments.selection.before = *before;
    }
    if (*arguments.list) {
        return weir::run_dead_letters_list({.place = arguments.place,
                                            .selection = arguments.selection,
                                            .letters_max = arguments.letters_max,
                                            .json = arguments.json},
                                           std::cout, std::cerr);
    }
    if (*arguments.show) {
        return weir::run_dead_letters_show(arguments.place, arguments.selection, std::cout,
                                           std::cerr);
    }
    if (*arguments.purge) {
        return weir::run_dead_letters_purge(
            {.place = arguments.place, .selection = arguments.selection, .all = arguments.all},
            std::cout, std::cerr);
    }
    return weir::run_dead_letters_replay(
        {.place = arguments.place,
         .selection = arguments.selection,
         .timeout = std::chrono::milliseconds(static_cast<long>(arguments.timeout_s * 1000))},
        std::cout, std::cerr);
}

// `weir send mdt`.
struct SendArguments {
    weir::SendMdtOptions options;
    std::string transport = "grpc";
    std::string encoding = "kvgpb";
    std::string shape = "xr";
    double duration_s = 0;
};

void add_send_wire(CLI::App& mdt, SendArguments& arguments) {
    weir::MdtSenderOptions& sender = arguments.options.sender;
    mdt.add_option("--to", arguments.options.to, "Receiver, HOST:PORT")->capture_default_str();
    mdt.add_option("--transport", arguments.transport, "grpc, tcp or udp")
        ->check(CLI::IsMember({"grpc", "tcp", "udp"}))
        ->capture_default_str();
    mdt.add_option("--devices", sender.devices, "Devices, each with a connection of its own")
        ->capture_default_str();
    mdt.add_option("--chunk", sender.chunk_bytes, "Send in chunks of so many bytes, as NX-OS");
    mdt.add_flag("--gzip", sender.gzip, "Compress what gRPC sends");
    mdt.add_flag("--header", sender.datagram_header, "Put the header of IOS-XR in front (UDP)");
    mdt.add_option("--source", sender.source,
                   "IPv4 address of the first device; the others follow it (TCP, UDP)");
    mdt.add_flag("--tls", sender.tls, "Use TLS (gRPC)");
    mdt.add_option("--tls-ca", sender.tls_ca, "Issuers of the receiver's certificate (PEM)");
    mdt.add_option("--tls-cert", sender.tls_cert, "Certificate of the devices (PEM)");
    mdt.add_option("--tls-key", sender.tls_key, "Its key (PEM)");
    mdt.add_option("--tls-name", sender.tls_name, "Name that the receiver's certificate has");
}

void add_send(CLI::App& app, SendArguments& arguments) {
    CLI::App* group = app.add_subcommand("send", "Play devices to a receiver");
    group->require_subcommand(1);
    CLI::App* mdt = group->add_subcommand("mdt", "Send telemetry, generated or recorded");
    add_send_wire(*mdt, arguments);
    weir::SendMdtOptions& options = arguments.options;
    mdt->add_option("--encoding", arguments.encoding, "kvgpb or json")
        ->check(CLI::IsMember({"kvgpb", "json"}))
        ->capture_default_str();
    mdt->add_option("--shape", arguments.shape,
                    "xr, xe, nxos-dme, nxos-show, nxos-event or openconfig")
        ->check(CLI::IsMember({"xr", "xe", "nxos-dme", "nxos-show", "nxos-event", "openconfig"}))
        ->capture_default_str();
    mdt->add_option("--interfaces", options.generator.interfaces, "Interfaces of a device")
        ->capture_default_str();
    mdt->add_option("--seed", options.generator.seed, "Another seed gives other values")
        ->capture_default_str();
    mdt->add_option("--rate", options.rate_messages_per_s,
                    "Messages a second of all devices; 0: as fast as it goes")
        ->check(CLI::NonNegativeNumber);
    mdt->add_option("--messages", options.messages,
                    "Messages of all devices together (default: one of each)");
    mdt->add_option("--duration", arguments.duration_s, "Seconds after which it ends")
        ->check(CLI::NonNegativeNumber);
    mdt->add_option("files", options.files,
                    "Recorded messages instead: one raw message each, or a TCP stream");
}

int run_send_mdt(SendArguments& arguments) {
    weir::SendMdtOptions& options = arguments.options;
    options.sender.transport = *weir::mdt_transport_from_name(arguments.transport);
    options.generator.shape = *weir::mdt_shape_from_name(arguments.shape);
    options.generator.encoding = arguments.encoding == "json" ? weir::TelemetryEncoding::json
                                                              : weir::TelemetryEncoding::kvgpb;
    options.duration = std::chrono::milliseconds(static_cast<long>(arguments.duration_s * 1000));
    return weir::run_send_mdt_command(options, std::cout, std::cerr);
}

// `weir decode mdt`.
struct DecodeArguments {
    std::string framing = "raw";
    std::string encoding = "auto";
    std::string received_at;
    std::string file = "-";
};

void add_decode(CLI::App& app, DecodeArguments& arguments) {
    CLI::App* group = app.add_subcommand("decode", "Show what a message becomes");
    group->require_subcommand(1);
    CLI::App* mdt = group->add_subcommand("mdt", "Telemetry: the series of a recorded message");
    mdt->add_option("--framing", arguments.framing,
                    "raw: one message; grpc: messages of a call, or one MdtDialoutArgs; "
                    "tcp: behind IOS-XR's headers")
        ->check(CLI::IsMember({"raw", "grpc", "tcp"}))
        ->capture_default_str();
    mdt->add_option("--encoding", arguments.encoding, "auto, kvgpb or json")
        ->check(CLI::IsMember({"auto", "kvgpb", "json"}))
        ->capture_default_str();
    mdt->add_option("--received-at", arguments.received_at,
                    "Receive time (RFC 3339) that the device's clock is held against");
    mdt->add_option("file", arguments.file, "File; - for stdin")->capture_default_str();
}

int run_decode_mdt(const DecodeArguments& arguments) {
    weir::DecodeMdtOptions options;
    options.capture = *weir::mdt_capture_from_name(arguments.framing);
    options.encoding = *weir::mdt_encoding_from_name(arguments.encoding);
    if (!arguments.received_at.empty()) {
        const auto time = weir::timestamp_from_rfc3339(arguments.received_at);
        if (!time) {
            return usage_error("--received-at: " + time.error().message);
        }
        options.received_ms = time->unix_ns / weir::ns_per_ms;
    }
    if (arguments.file == "-") {
        return weir::run_decode_mdt_command(options, std::cin, std::cout, std::cerr);
    }
    std::ifstream file(arguments.file, std::ios::binary);
    if (!file) {
        return usage_error("cannot read " + arguments.file);
    }
    return weir::run_decode_mdt_command(options, file, std::cout, std::cerr);
}

}  // namespace

int main(int argc, char** argv) {
    std::ios::sync_with_stdio(false);
    CLI::App app{
        "weir receives syslog and telemetry from network devices and delivers them to Grafana "
        "Loki and Mimir."};
    app.require_subcommand(1);

    weir::RunOptions run_options;
    CLI::App* run = app.add_subcommand("run", "Run until SIGTERM; reload on SIGHUP");
    run->add_option("-c,--config", run_options.config_file,
                    "Configuration file (none: the embedded default)");

    weir::CheckOptions check_options;
    CLI::App* check = app.add_subcommand("check", "Say what is wrong with a configuration file");
    check->add_option("file", check_options.file, "Configuration file")->required();
    check->add_flag("--print", check_options.print, "Print the effective configuration");

    ParseArguments parse_arguments;
    CLI::App* parse = add_parse(app, parse_arguments);

    SpoolArguments spool_arguments;
    add_spool(app, spool_arguments);
    weir::LedgerOptions ledger_options;
    CLI::App* ledger = add_ledger(app, ledger_options);
    DeadLettersArguments dead_letters_arguments;
    add_dead_letters(app, dead_letters_arguments);
    SendArguments send_arguments;
    add_send(app, send_arguments);
    DecodeArguments decode_arguments;
    add_decode(app, decode_arguments);
    CLI::App* schema = app.add_subcommand("schema", "Print the JSON Schema of the configuration");
    CLI::App* version = app.add_subcommand("version", "Print the version");
    CLI11_PARSE(app, argc, argv);

    if (*run) {
        keep_large_blocks_apart();
        keep_files_private();
        return weir::run_run_command(run_options);
    }
    if (*check) {
        return weir::run_check_command(check_options, std::cout, std::cerr);
    }
    if (*parse) {
        return run_parse(parse_arguments);
    }
    if (app.got_subcommand("spool")) {
        return run_spool(spool_arguments);
    }
    if (*ledger) {
        return weir::run_ledger_command(ledger_options, std::cout, std::cerr);
    }
    if (app.got_subcommand("dead-letters")) {
        return run_dead_letters(dead_letters_arguments);
    }
    if (app.got_subcommand("decode")) {
        return run_decode_mdt(decode_arguments);
    }
    if (app.got_subcommand("send")) {
        return run_send_mdt(send_arguments);
    }
    if (*schema) {
        return weir::run_schema_command(std::cout);
    }
    if (*version) {
        std::cout << "weir " WEIR_VERSION "\n";
    }
    return 0;
}
