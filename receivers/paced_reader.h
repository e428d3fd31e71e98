// PacedReader: decides when one descriptor is read.
//
// Watching: the first arrival after silence wakes the thread, so a lone message is not delayed.
// Pacing: while arrivals come fast the descriptor is taken out of Asio's epoll, where every one of
// them would wake the thread, and is read at intervals.
#pragma once

#include "core/time.h"
#include "receivers/pace.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/steady_timer.hpp>

#include <cstddef>
#include <cstdint>
#include <functional>

namespace weir {

// Resource. Lives on its thread's io_context; every call from that thread, except construction.
class PacedReader {
  public:
    struct Reading {
        std::size_t brought = 0;  // datagrams, or whatever the reader counts
        bool dry = true;          // nothing was left
    };

    // Reads without waiting, at most so much that the thread's others get their turn.
    using Read = std::function<Reading()>;

    struct Options {
        // Between readings while pacing; 0: always watching.
        std::int64_t coalesce_ns = 4 * ns_per_ms;
        // What may come between two readings; more makes them more frequent.
        std::size_t room = SIZE_MAX;
    };

    // Borrows the descriptor, which must outlive it or its stop(); the clock must outlive it.
    PacedReader(boost::asio::io_context& io, int descriptor, const Clock& clock, Read read);
    ~PacedReader();
    PacedReader(const PacedReader&) = delete;
    PacedReader& operator=(const PacedReader&) = delete;

    // Takes effect with the next reading.
    void set_options(Options options) { options_ = options; }

    void start();
    // No reading follows, not even one that was due.
    void stop();

    [[nodiscard]] bool is_pacing() const { return pacing_; }

  private:
    void watch();
    void on_readable();
    void pace(std::size_t brought);
    void on_pace();

    boost::asio::io_context& io_;
    int descriptor_;
    boost::asio::posix::stream_descriptor watched_;  // holds the descriptor while watching
    boost::asio::steady_timer timer_;
    const Clock& clock_;
    Read read_;
    Options options_;
    Pace pace_;
    std::int64_t burst_since_ns_ = 0;  // watching: start of the millisecond that is counted
    std::size_t burst_ = 0;
    int sparse_ = 0;  // pacing: intervals in a row that brought hardly anything
    bool pacing_ = false;
    bool stopped_ = false;
};

}  // namespace weir
