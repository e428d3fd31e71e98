// IngestThread: one thread with its own io_context, its sockets of every listener, and its intake.
#pragma once

#include "app/config.h"
#include "receivers/mdt_datagrams.h"
#include "receivers/mdt_intake.h"
#include "receivers/mdt_listener.h"
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
    // Before any add_mdt: the thread takes telemetry too.
    void add_mdt_intake(const MdtIntake::Parts& parts, const MdtIntake::Options& options);
    [[nodiscard]] Result<void> add_mdt(FileDescriptor socket, MdtListener::Options options,
                                       MdtShared& shared);
    void add_mdt_udp(FileDescriptor socket, UdpListener::Options options);
    void start();

    void set_udp_limits(std::uint32_t listener, UdpLimits limits);
    void set_stream_limits(std::uint32_t listener, StreamLimits limits);
    void set_mdt_limits(std::uint32_t listener, MdtLimits limits);

    // The steps of the drain, in this order.
    void stop_accepting();
    void finish();  // reads the sockets dry, ends sessions, hands everything held to the log
    void join();

    [[nodiscard]] const SyslogIntake& intake() const { return intake_; }

    // Null: no listener takes telemetry.
    [[nodiscard]] const MdtIntake* mdt() const { return mdt_.get(); }

    // Of whichever intake the listener's frames go to.
    [[nodiscard]] const ListenerCounters& counters(std::size_t listener, Protocol protocol) const;
    // Monotonic, when the last frame came.
    [[nodiscard]] std::uint64_t last_frame_ns() const;

  private:
    void tick();

    SyslogIntake::Parts parts_;
    boost::asio::io_context io_{1};
    boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
    boost::asio::steady_timer tick_timer_;
    SyslogIntake intake_;
    std::unique_ptr<MdtIntake> mdt_;
    std::unique_ptr<MdtDatagrams> mdt_datagrams_;
    std::map<std::uint32_t, std::unique_ptr<UdpListener>> udp_;
    std::map<std::uint32_t, std::unique_ptr<StreamListener>> streams_;
    std::map<std::uint32_t, std::unique_ptr<MdtListener>> mdt_listeners_;
    std::thread thread_;
    bool finished_ = false;
};

}  // namespace weir
