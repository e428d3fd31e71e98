// AdminHttp: the operator's port. Health, readiness, metrics and the status API over HTTP/1.1, with
// TLS if configured. Owns the sessions; when there are too many, one gives way to the newcomer.
#pragma once

#include "app/admin_session.h"
#include "app/config.h"
#include "app/status.h"
#include "core/events.h"
#include "core/result.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>
#include <vector>

namespace weir {

// Resource. Runs on the io_context it is given, which one thread runs; every call from there.
class AdminHttp {
  public:
    // Answers a GET for a path without its query.
    using Handler = std::function<AdminAnswer(const std::string& path)>;

    AdminHttp(boost::asio::io_context& io, Handler handler, EventSink& events,
              AdminDeadlines deadlines = {});

    // Reads token and certificates, binds and starts; port 0 lets the kernel choose. Returns the
    // port. Fails without binding when a file is not usable.
    [[nodiscard]] Result<std::uint16_t> start(const AdminConfig& config);

    // Read the files again; what is not usable changes nothing. Emit what came of it.
    void reload_token();
    void reload_certificates();
    // At least 1. Sessions over a lower number stay until others want in.
    void set_connections_max(std::size_t connections_max);

    // No new connections; those that are open go on.
    void stop();

    [[nodiscard]] AdminStatus status() const;

    // Those in force; none without TLS.
    [[nodiscard]] const std::vector<CertificateStatus>& certificates() const {
        return certificates_;
    }

  private:
    [[nodiscard]] Result<void> bind();
    void use(TlsContextPtr context);
    boost::asio::awaitable<void> accept_loop();
    void open_session(boost::asio::ip::tcp::socket socket);
    void make_room();

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    EventSink& events_;
    AdminConfig config_;
    AdminShared shared_;
    std::vector<CertificateStatus> certificates_;
    std::list<std::shared_ptr<AdminSession>> sessions_;
};

}  // namespace weir
