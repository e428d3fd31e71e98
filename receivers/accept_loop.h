// AcceptLoop: accepts connections of one listening TCP socket on one ingest thread.
#pragma once

#include "core/address.h"
#include "core/events.h"
#include "receivers/socket_group.h"

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <functional>
#include <string>

namespace weir {

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class AcceptLoop {
  public:
    // The peer is what accept said: after a reset the socket has forgotten who it was. What it
    // throws is said in an event, and accepting goes on.
    using OnConnection = std::function<void(boost::asio::ip::tcp::socket socket, const Peer& peer)>;

    struct Options {
        std::string name;   // the listener's
        bool ipv4 = false;  // the socket's family
    };

    // The events must outlive it.
    AcceptLoop(boost::asio::io_context& io, FileDescriptor socket, Options options,
               EventSink& events, OnConnection on_connection);

    // It must outlive its io_context's next run behind close().
    void start();
    void close();

  private:
    boost::asio::awaitable<void> run();

    boost::asio::io_context& io_;
    boost::asio::ip::tcp::acceptor acceptor_;
    Options options_;
    EventSink& events_;
    OnConnection on_connection_;
};

}  // namespace weir
