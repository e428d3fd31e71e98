// IngestThread: one thread with its own io_context, its sockets of every listener, and its intake.
#pragma once

#include "receivers/stream_listener.h"
#include "receivers/syslog_intake.h"
#include "receivers/udp_listener.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <thread>

namespace weir {

// Resource. Sockets are added before start(); afterwards every call may come from any thread and is
// carried out on this one.
class IngestThread {
  public:
    IngestThread(SyslogIntake::Parts parts, SyslogIntake::Options options);
    ~IngestThread();
    IngestThread(const IngestThread&) = delete;
    IngestThread& operator=(const IngestThread&) = delete;

    void add_udp(FileDescriptor socket, UdpListener::Options options);
    void add_stream(FileDescriptor socket, StreamListener::Options options, StreamShared& shared);
    void start();

    void set_udp_limits(std::uint32_t listener, UdpLimits limits);
    void set_stream_limits(std::uint32_t listener, StreamLimits limits);

    // The steps of the drain, in this order.
    void stop_accepting();
    void finish();  // reads the sockets dry, ends sessions, hands everything held to the log
    void join();

    [[nodiscard]] const SyslogIntake& intake() const { return intake_; }

  private:
    void tick();

    SyslogIntake::Parts parts_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer tick_timer_;
    SyslogIntake intake_;
    std::map<std::uint32_t, std::unique_ptr<UdpListener>> udp_;
    std::map<std::uint32_t, std::unique_ptr<StreamListener>> streams_;
    std::thread thread_;
    bool finished_ = false;
};

}  // namespace weir
