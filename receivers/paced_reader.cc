#include "receivers/paced_reader.h"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace weir {

namespace {

// So many arrivals within a millisecond are a burst; so many sparse intervals end it.
constexpr std::size_t burst_arrivals = 4;
constexpr int sparse_intervals = 8;

}  // namespace

PacedReader::PacedReader(boost::asio::io_context& io, int descriptor, const Clock& clock, Read read)
    : io_(io),
      descriptor_(descriptor),
      watched_(io),
      timer_(io),
      clock_(clock),
      read_(std::move(read)) {}

PacedReader::~PacedReader() {
    stop();
}

void PacedReader::start() {
    watch();
}

void PacedReader::watch() {
    pacing_ = false;
    burst_ = 0;
    if (!watched_.is_open()) {
        // What is here already counts as an event for epoll.
        watched_.assign(descriptor_);
    }
    watched_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                        [this](const boost::system::error_code& error) {
                            if (!error && !stopped_) {
                                on_readable();
                            }
                        });
}

void PacedReader::on_readable() {
    const Reading reading = read_();
    if (stopped_) {
        return;
    }
    const std::int64_t now_ns = clock_.monotonic_ns();
    if (now_ns - burst_since_ns_ > ns_per_ms) {
        burst_since_ns_ = now_ns;
        burst_ = 0;
    }
    burst_ += reading.brought;
    if (options_.coalesce_ns == 0 || (reading.dry && burst_ < burst_arrivals)) {
        watch();
        return;
    }
    watched_.release();
    pacing_ = true;
    sparse_ = 0;
    pace_.begin(now_ns);
    pace(0);
}

void PacedReader::pace(std::size_t brought) {
    const std::int64_t wait_ns =
        pace_.next_wait_ns(clock_.monotonic_ns(), options_.coalesce_ns, brought, options_.room);
    if (wait_ns == 0) {
        boost::asio::post(io_, [this] { on_pace(); });  // the thread's others first
        return;
    }
    timer_.expires_after(std::chrono::nanoseconds(wait_ns));
    timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) {
            on_pace();
        }
    });
}

void PacedReader::on_pace() {
    if (stopped_) {
        return;
    }
    const Reading reading = read_();
    if (stopped_) {
        return;
    }
    sparse_ = reading.brought < 2 ? sparse_ + 1 : 0;
    if (sparse_ >= sparse_intervals || options_.coalesce_ns == 0) {
        watch();
    } else {
        pace(reading.brought);
    }
}

void PacedReader::stop() {
    stopped_ = true;
    timer_.cancel();
    if (watched_.is_open()) {
        watched_.release();  // the descriptor is not ours to close
    }
}

}  // namespace weir
