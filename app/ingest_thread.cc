#include "app/ingest_thread.h"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <chrono>

namespace weir {

namespace {

// How late the age of a batch or a reassembly may be noticed.
constexpr std::chrono::milliseconds tick_interval{25};
// The last read before a UDP socket closes: what was queued, not what keeps coming.
constexpr int final_rounds = 64;
constexpr std::int64_t final_read_ns = 500 * ns_per_ms;

}  // namespace

IngestThread::IngestThread(SyslogIntake::Parts parts, SyslogIntake::Options options)
    : parts_(parts),
      work_(boost::asio::make_work_guard(io_)),
      tick_timer_(io_),
      intake_(parts, options) {}

IngestThread::~IngestThread() {
    if (thread_.joinable()) {
        finish();
        join();
    }
}

void IngestThread::add_udp(FileDescriptor socket, UdpListener::Options options) {
    const std::uint32_t listener = options.listener;
    udp_[listener] = std::make_unique<UdpListener>(io_, std::move(socket), std::move(options),
                                                   intake_, parts_.clock, parts_.events);
}

void IngestThread::add_stream(FileDescriptor socket, StreamListener::Options options,
                              StreamShared& shared) {
    const std::uint32_t listener = options.listener;
    streams_[listener] = std::make_unique<StreamListener>(
        io_, std::move(socket), std::move(options), shared, intake_, parts_.clock, parts_.events);
}

void IngestThread::add_mdt_intake(const MdtIntake::Parts& parts,
                                  const MdtIntake::Options& options) {
    mdt_ = std::make_unique<MdtIntake>(parts, options);
    mdt_datagrams_ = std::make_unique<MdtDatagrams>(*mdt_);
}

Result<void> IngestThread::add_mdt(FileDescriptor socket, MdtListener::Options options,
                                   MdtShared& shared) {
    const std::uint32_t listener = options.listener;
    Result<std::unique_ptr<MdtListener>> opened = MdtListener::open(
        io_, std::move(socket), std::move(options), shared, *mdt_, parts_.clock, parts_.events);
    if (!opened) {
        return tl::unexpected(opened.error());
    }
    mdt_listeners_[listener] = std::move(*opened);
    return {};
}

void IngestThread::add_mdt_udp(FileDescriptor socket, UdpListener::Options options) {
    const std::uint32_t listener = options.listener;
    options.text = false;
    udp_[listener] = std::make_unique<UdpListener>(io_, std::move(socket), std::move(options),
                                                   *mdt_datagrams_, parts_.clock, parts_.events);
}

const ListenerCounters& IngestThread::counters(std::size_t listener, Protocol protocol) const {
    return protocol == Protocol::mdt ? *mdt_->all_counters()[listener]
                                     : *intake_.all_counters()[listener];
}

std::uint64_t IngestThread::last_frame_ns() const {
    const std::uint64_t syslog = intake_.gauges().last_frame_ns.value();
    return mdt_ ? std::max(syslog, mdt_->last_frame_ns()) : syslog;
}

void IngestThread::start() {
    for (const auto& [number, listener] : udp_) {
        listener->start();
    }
    for (const auto& [number, listener] : streams_) {
        listener->start();
    }
    for (const auto& [number, listener] : mdt_listeners_) {
        listener->start();
    }
    tick();
    thread_ = std::thread([this] { io_.run(); });
}

void IngestThread::tick() {
    intake_.tick();
    if (mdt_) {
        mdt_->tick();
    }
    for (const auto& [number, listener] : udp_) {
        listener->tick();
    }
    tick_timer_.expires_after(tick_interval);
    tick_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error && !finished_) {
            tick();
        }
    });
}

void IngestThread::set_udp_limits(std::uint32_t listener, UdpLimits limits) {
    boost::asio::post(io_, [this, listener, limits] { udp_.at(listener)->set_limits(limits); });
}

void IngestThread::set_stream_limits(std::uint32_t listener, StreamLimits limits) {
    boost::asio::post(io_, [this, listener, limits] { streams_.at(listener)->set_limits(limits); });
}

void IngestThread::set_mdt_limits(std::uint32_t listener, MdtLimits limits) {
    boost::asio::post(
        io_, [this, listener, limits] { mdt_listeners_.at(listener)->set_limits(limits); });
}

void IngestThread::stop_accepting() {
    boost::asio::post(io_, [this] {
        for (const auto& [number, listener] : streams_) {
            listener->stop_accepting();
        }
        for (const auto& [number, listener] : mdt_listeners_) {
            listener->stop_accepting();
        }
    });
}

void IngestThread::finish() {
    boost::asio::post(io_, [this] {
        finished_ = true;
        tick_timer_.cancel();
        const std::int64_t deadline_ns = parts_.clock.monotonic_ns() + final_read_ns;
        for (const auto& [number, listener] : udp_) {
            while (!listener->drain(final_rounds) && parts_.clock.monotonic_ns() < deadline_ns) {
            }
            listener->stop();
        }
        for (const auto& [number, listener] : streams_) {
            listener->stop();
        }
        for (const auto& [number, listener] : mdt_listeners_) {
            listener->stop();
        }
        // Behind the reads that had completed already, whose sessions still deliver.
        boost::asio::post(io_, [this] {
            intake_.finish();
            if (mdt_) {
                mdt_->finish();
            }
            work_.reset();
        });
    });
}

void IngestThread::join() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

}  // namespace weir
