// Topology: builds the whole machine from a configuration and hands every part what it depends on.
// Reading the constructor's steps in topology.cc shows all of weir.
#pragma once

#include "app/config.h"
#include "app/event_log.h"
#include "app/status.h"
#include "core/result.h"
#include "core/time.h"

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weir {

// Resource. Every call from one thread (the main one), except status(), which any thread may call.
class Topology {
  public:
    // Opens every socket before any is read, so that a port that is taken stops the start. Nothing
    // is received until start().
    [[nodiscard]] static Result<std::unique_ptr<Topology>> build(Config config, const Clock& clock,
                                                                 EventLog& events);
    ~Topology();
    Topology(const Topology&) = delete;
    Topology& operator=(const Topology&) = delete;

    void start();

    // Goes over to another configuration without dropping a socket or a session. What cannot change
    // while running stays as it is and is named in the status. On failure the old one goes on.
    [[nodiscard]] Result<void> reload(Config next);
    // Tells the status of a file that was refused.
    void note_refused_reload(const std::string& error);
    // Reads certificates again; sessions keep theirs. Emits tls_reloaded or tls_reload_failed.
    void reload_certificates();
    // The client certificates for endpoints, which only certificates() tells of: their endpoints
    // read them for themselves. Also done by start and by every reload.
    void look_at_client_certificates();
    // Those in force.
    [[nodiscard]] std::vector<CertificateStatus> certificates() const;

    // Tells when the sources' addresses seem to be lost. Called every second or so.
    void watch_sources();

    // Stops being ready, reads until quiet, closes, flushes, delivers until the deadline. Returns
    // true when nothing was left undelivered.
    [[nodiscard]] bool drain();

    [[nodiscard]] Status status() const;
    // Devices that send telemetry, and messages of theirs that were kept.
    [[nodiscard]] std::vector<MdtDeviceStatus> telemetry_devices() const;
    [[nodiscard]] std::vector<KeptMessage> kept_messages() const;
    // The latest value of every live series, as Prometheus's text; none when they are not kept.
    [[nodiscard]] std::optional<std::string> exposition() const;
    [[nodiscard]] bool ready() const;
    [[nodiscard]] const Config& config() const;

    class Impl;
    // For build(); nobody else can make an Impl.
    explicit Topology(std::unique_ptr<Impl> impl);

  private:
    std::unique_ptr<Impl> impl_;
};

}  // namespace weir
