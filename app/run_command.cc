#include "app/run_command.h"

#include "app/admin_http.h"
#include "app/config_load.h"
#include "app/config_watch.h"
#include "app/event_log.h"
#include "app/topology.h"
#include "core/crash_point.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <set>
#include <thread>
#include <vector>

namespace weir {

namespace {

constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

constexpr std::chrono::seconds file_interval{1};
constexpr std::chrono::hours expiry_interval{24};
constexpr std::chrono::seconds watchdog_margin{5};

// Whose file it is.
enum class WatchedFor : std::uint8_t { listeners, endpoints, admin_tls, admin_token };

struct Watched {
    FileWatch file;
    WatchedFor what;
};

// Everything that runs on the main thread: signals, the admin port and the file watches.
class Runner {
  public:
    Runner(RunOptions options, const Clock& clock, EventLog& events)
        : options_(std::move(options)),
          clock_(clock),
          events_(events),
          signals_(io_, SIGTERM, SIGINT, SIGHUP),
          file_timer_(io_),
          expiry_timer_(io_),
          drain_watchdog_(io_),
          admin_(
              io_, [this](const std::string& path) { return answer(path); }, events) {}

    [[nodiscard]] int run();

  private:
    [[nodiscard]] bool start();
    [[nodiscard]] bool start_machine(Config config);
    void wait_signal();
    void reload();
    void watch_files();
    void look_at_files();
    void reload_files(const std::set<WatchedFor>& changed);
    void stop(int signal);
    void wait_second_signal();
    // Ends the process at once, with the ledger as it is.
    [[noreturn]] void give_up(const char* why);
    void print_hint() const;
    [[nodiscard]] std::vector<CertificateStatus> certificates() const;
    void tell_expiry();
    [[nodiscard]] Status status() const;
    [[nodiscard]] AdminAnswer answer(const std::string& path) const;
    // Of a path below /api/v1/telemetry/.
    [[nodiscard]] AdminAnswer telemetry_answer(std::string_view what) const;

    RunOptions options_;
    const Clock& clock_;
    EventLog& events_;
    boost::asio::io_context io_{1};
    boost::asio::signal_set signals_;
    boost::asio::steady_timer file_timer_;
    boost::asio::steady_timer expiry_timer_;
    boost::asio::steady_timer drain_watchdog_;
    AdminHttp admin_;
    std::uint16_t admin_port_ = 0;
    std::unique_ptr<Topology> machine_;
    std::unique_ptr<ConfigWatcher> watcher_;
    std::vector<Watched> watched_;
    std::thread drain_;
};

int Runner::run() {
    if (!start()) {
        return 1;
    }
    io_.run();
    if (drain_.joinable()) {
        drain_.join();
    }
    events_.emit({EventId::stopped, "", ledger_line(machine_->status())});
    return 0;
}

bool Runner::start() {
    Config config;
    if (options_.config_file.empty()) {
        config = default_config();
        config.spool.directory = config.file.directory + "/spool";
    } else {
        ConfigOutcome outcome = load_config_file(options_.config_file);
        for (const ConfigProblem& problem : outcome.problems) {
            std::fprintf(stderr, "%s\n", to_string(problem, options_.config_file).c_str());
        }
        if (!outcome.config) {
            return false;
        }
        config = std::move(*outcome.config);
    }
    return start_machine(std::move(config));
}

bool Runner::start_machine(Config config) {
    Result<std::unique_ptr<Topology>> machine = Topology::build(std::move(config), clock_, events_);
    if (!machine) {
        events_.emit({EventId::listener_failed, "", machine.error().message});
        return false;
    }
    machine_ = std::move(*machine);
    const AdminConfig& admin = machine_->config().admin;
    const Result<std::uint16_t> port = admin_.start(admin);
    if (!port) {
        events_.emit({EventId::listener_failed, "", port.error().message});
        return false;
    }
    admin_port_ = *port;
    wait_signal();
    if (!options_.config_file.empty()) {
        watcher_ = std::make_unique<ConfigWatcher>(
            io_.get_executor(),
            ConfigWatcher::Options{.path = options_.config_file,
                                   .sha256 = machine_->config().sha256},
            [this] { reload(); });
        watcher_->start();
    }
    watch_files();
    machine_->start();
    tell_expiry();
    events_.emit({EventId::started, "weir " WEIR_VERSION,
                  fmt::format("admin on {}://{}", admin.tls.certificate.empty() ? "http" : "https",
                              admin_.status().address)});
    print_hint();
    return true;
}

// For whoever sits in front of a terminal; a service's log has the events.
void Runner::print_hint() const {
    if (!options_.config_file.empty()) {
        return;
    }
    const std::string directory = machine_->config().file.directory;
    std::printf(
        "\nweir is running on its embedded default. Send it a line and see it arrive:\n\n"
        "    logger -n 127.0.0.1 -P 5514 -d 'hello from weir'\n"
        "    tail -F %s/weir.ndjson\n\n"
        "Or telemetry, and see what series it becomes:\n\n"
        "    weir send mdt\n"
        "    curl http://127.0.0.1:%u/telemetry/metrics\n\n"
        "What it holds, lost and delivered:  curl http://127.0.0.1:%u/api/v1/status\n"
        "Why a line looks as it does:        echo '<13>...' | weir parse\n"
        "Your own configuration:             weir run --config FILE   (weir check FILE first)\n\n",
        directory.c_str(), static_cast<unsigned>(admin_port_), static_cast<unsigned>(admin_port_));
    std::fflush(stdout);
}

void Runner::wait_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) {
            return;
        }
        if (signal == SIGHUP) {
            reload();
            wait_signal();
        } else {
            stop(signal);
        }
    });
}

void Runner::reload() {
    if (options_.config_file.empty()) {
        reload_files({WatchedFor::listeners});
        return;
    }
    ConfigOutcome outcome = load_config_file(options_.config_file);
    std::string why;
    for (const ConfigProblem& problem : outcome.problems) {
        why += (why.empty() ? "" : "; ") + to_string(problem, options_.config_file);
    }
    if (outcome.config) {
        const Result<void> reloaded = machine_->reload(std::move(*outcome.config));
        if (reloaded) {
            events_.emit({EventId::config_reloaded, options_.config_file, "in force"});
            admin_.set_connections_max(machine_->config().admin.connections_max);
            reload_files({WatchedFor::admin_tls, WatchedFor::admin_token});
            watch_files();
            return;
        }
        why = reloaded.error().message;
    }
    machine_->note_refused_reload(why);
    events_.emit({EventId::config_rejected, options_.config_file,
                  fmt::format("{}; the old configuration stays in force", why)});
}

void Runner::watch_files() {
    watched_.clear();
    const auto watch = [this](const std::string& path, WatchedFor what) {
        if (!path.empty()) {
            watched_.push_back({FileWatch(path, ""), what});
        }
    };
    const auto watch_tls = [&watch](const TlsServerConfig& tls, WatchedFor what) {
        watch(tls.certificate, what);
        watch(tls.key, what);
        watch(tls.client_ca, what);
    };
    for (const ListenerConfig& listener : machine_->config().listeners) {
        watch_tls(listener.tls, WatchedFor::listeners);
    }
    for (const auto* list : {&machine_->config().loki, &machine_->config().mimir}) {
        for (const HttpEndpointConfig& endpoint : *list) {
            watch(endpoint.tls_certificate, WatchedFor::endpoints);
        }
    }
    watch_tls(machine_->config().admin.tls, WatchedFor::admin_tls);
    watch(machine_->config().admin.token_file, WatchedFor::admin_token);
    // The first two looks, which must agree, only learn what is there.
    for (Watched& watched : watched_) {
        static_cast<void>(watched.file.poll());
        static_cast<void>(watched.file.poll());
    }
    look_at_files();
}

// Once a second, also without any file: the sources are looked at likewise.
void Runner::look_at_files() {
    file_timer_.expires_after(file_interval);
    file_timer_.async_wait([this](const boost::system::error_code& error) {
        if (error) {
            return;
        }
        std::set<WatchedFor> changed;
        for (Watched& watched : watched_) {
            if (watched.file.poll()) {
                changed.insert(watched.what);
            }
        }
        reload_files(changed);
        machine_->watch_sources();
        look_at_files();
    });
}

void Runner::reload_files(const std::set<WatchedFor>& changed) {
    if (changed.contains(WatchedFor::listeners)) {
        machine_->reload_certificates();
    }
    if (changed.contains(WatchedFor::admin_tls)) {
        admin_.reload_certificates();
    }
    if (changed.contains(WatchedFor::admin_token)) {
        admin_.reload_token();
    }
    if (changed.contains(WatchedFor::endpoints)) {
        machine_->look_at_client_certificates();
    }
    if (!changed.empty()) {
        tell_expiry();
    }
}

std::vector<CertificateStatus> Runner::certificates() const {
    std::vector<CertificateStatus> all = machine_->certificates();
    all.insert(all.end(), admin_.certificates().begin(), admin_.certificates().end());
    return all;
}

// Now, and then once a day until something changes.
void Runner::tell_expiry() {
    tell_expiring(certificates(), clock_.now(), events_);
    expiry_timer_.expires_after(expiry_interval);
    expiry_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            tell_expiry();
        }
    });
}

void Runner::stop(int signal) {
    events_.emit({EventId::stopping, "", signal == SIGTERM ? "SIGTERM" : "SIGINT"});
    watcher_.reset();
    file_timer_.cancel();
    expiry_timer_.cancel();
    // Whoever asks twice does not want to wait for the drain.
    wait_second_signal();
    // A resolver that hangs can outlast the drain; whoever stopped us will not wait for it.
    drain_watchdog_.expires_after(machine_->config().drain_timeout + watchdog_margin);
    drain_watchdog_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            give_up("the drain did not end in time");
        }
    });
    // The admin port goes on answering while the machine drains, so that probes see "not ready".
    drain_ = std::thread([this] {
        static_cast<void>(machine_->drain());
        io_.stop();
    });
}

void Runner::wait_second_signal() {
    signals_.async_wait([this](const boost::system::error_code& error, int signal) {
        if (error) {
            return;
        }
        if (signal == SIGHUP) {
            wait_second_signal();  // nothing to reload any more
        } else {
            give_up("a second signal ends weir now");
        }
    });
}

void Runner::give_up(const char* why) {
    events_.emit({EventId::drain_incomplete, "", why});
    events_.emit({EventId::stopped, "", ledger_line(machine_->status())});
    events_.flush();
    std::_Exit(1);
}

Status Runner::status() const {
    Status status = machine_->status();
    status.admin = admin_.status();
    status.event_lines_lost = events_.lines_lost();
    status.certificates = certificates();
    return status;
}

AdminAnswer Runner::telemetry_answer(std::string_view what) const {
    constexpr std::string_view one_message = "messages/";
    if (what == "devices") {
        return {.content_type = "application/json",
                .body = devices_json(machine_->telemetry_devices())};
    }
    if (what == "messages") {
        return {.content_type = "application/json",
                .body = kept_messages_json(machine_->kept_messages())};
    }
    if (what.starts_with(one_message)) {
        std::optional<std::string> bytes =
            kept_message_bytes(machine_->kept_messages(), what.substr(one_message.size()));
        if (bytes) {
            return {.content_type = "application/octet-stream", .body = std::move(*bytes)};
        }
    }
    return {.status = 404, .body = "not found\n"};
}

AdminAnswer Runner::answer(const std::string& path) const {
    if (path == "/-/healthy") {
        return {.body = "healthy\n"};
    }
    if (path == "/-/ready") {
        const bool ready = machine_->ready();
        return {.status = ready ? 200U : 503U, .body = ready ? "ready\n" : "not ready\n"};
    }
    if (path == "/metrics") {
        return {.content_type = std::string(exposition_type), .body = to_prometheus(status())};
    }
    if (path == "/api/v1/status") {
        return {.content_type = "application/json", .body = to_json(status())};
    }
    if (path == "/telemetry/metrics") {
        std::optional<std::string> series = machine_->exposition();
        return series ? AdminAnswer{.content_type = std::string(exposition_type),
                                    .body = std::move(*series)}
                      : AdminAnswer{.status = 404,
                                    .body = "series go to a mimir, or metrics.exposition is off\n"};
    }
    if (path.starts_with("/api/v1/telemetry/")) {
        return telemetry_answer(path.substr(std::string_view("/api/v1/telemetry/").size()));
    }
    if (path == "/") {
        return {
            .body =
                "weir " WEIR_VERSION
                "\n/api/v1/status\n/api/v1/telemetry/devices\n"
                "/api/v1/telemetry/messages\n/telemetry/metrics\n/metrics\n/-/healthy\n/-/ready\n"};
    }
    return {.status = 404, .body = "not found\n"};
}

}  // namespace

namespace {

// Tests have the process killed at the point that WEIR_CRASH_AT names, in builds that can be.
bool arm_crash_point_of_environment() {
#ifdef WEIR_CRASH_POINTS
    if (const char* at = std::getenv("WEIR_CRASH_AT"); at != nullptr) {
        if (const Result<void> armed = arm_crash_point(at); !armed) {
            std::fprintf(stderr, "WEIR_CRASH_AT: %s\n", armed.error().message.c_str());
            return false;
        }
    }
#endif
    return true;
}

}  // namespace

int run_run_command(const RunOptions& options) {
    if (!arm_crash_point_of_environment()) {
        return 2;
    }
    // A peer that closes while we write is an error code, not a signal.
    std::signal(SIGPIPE, SIG_IGN);
    const SystemClock clock;
    EventLog events(clock);
    Runner runner(options, clock, events);
    return runner.run();
}

}  // namespace weir
