#include "app/send_mdt_command.h"

#include "core/json.h"
#include "core/result.h"
#include "parsers/mdt_framing.h"
#include "parsers/mdt_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <ostream>
#include <sys/resource.h>

namespace weir {

namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds look_again{100};

// Value. A message from a file.
struct Recorded {
    std::string bytes;
    TelemetryEncoding encoding = TelemetryEncoding::kvgpb;
    MdtGenerated holds;
};

// Counts what a message holds.
class Counter final : public TelemetryReader {
  public:
    void begin(const TelemetryHeader& /*header*/) override {}

    void row(const TelemetryRow& row) override {
        ++holds.rows;
        for (std::size_t at = 0; at < row.content.size(); ++at) {
            if (row.content[at].kind != TelemetryKind::container) {
                ++holds.leaves;
            }
        }
    }

    void defect(TelemetryDefect /*defect*/, std::uint64_t /*count*/) override {}

    MdtGenerated holds;
};

Recorded make_recorded(std::string_view bytes, MdtBody body) {
    MdtScratch scratch;
    Counter counter;
    read_mdt(bytes, body, {}, scratch, counter);
    const bool json = body == MdtBody::json || (body == MdtBody::any && is_mdt_json(bytes));
    return {.bytes = std::string(bytes),
            .encoding = json ? TelemetryEncoding::json : TelemetryEncoding::kvgpb,
            .holds = counter.holds};
}

// A stream of messages behind headers, or one message.
void read_recorded(std::string_view file, std::vector<Recorded>& recorded) {
    MdtFramer framer(file.size());
    bool framed = false;
    std::string_view rest = file;
    while (true) {
        const MdtFramingStep step = framer.next(rest);
        if (step.consumed == 0) {
            break;
        }
        framed = true;
        if (step.has_frame) {
            recorded.push_back(make_recorded(step.frame, step.body));
        }
        rest.remove_prefix(step.consumed);
    }
    if (!framed && !file.empty()) {
        recorded.push_back(make_recorded(file, MdtBody::any));
    }
}

Result<std::vector<Recorded>> read_files(const std::vector<std::string>& files) {
    std::vector<Recorded> recorded;
    for (const std::string& path : files) {
        std::ifstream file(path, std::ios::binary);
        const std::string bytes((std::istreambuf_iterator<char>(file)),
                                std::istreambuf_iterator<char>());
        if (!file) {
            return fail(fmt::format("{} cannot be read", path));
        }
        read_recorded(bytes, recorded);
    }
    if (recorded.empty() && !files.empty()) {
        return fail("there is no message in these files");
    }
    return recorded;
}

// Value. How far a device is.
struct Device {
    std::uint64_t left = 0;
    std::uint64_t round = 0;
    std::uint64_t last_ms = 0;
};

class Player {
  public:
    Player(const SendMdtOptions& options, std::vector<Recorded> recorded, MdtSender& sender)
        : options_(options),
          recorded_(std::move(recorded)),
          generator_(options.generator),
          sender_(sender),
          devices_(options.sender.devices) {
        const std::uint64_t round = recorded_.empty() ? 1 : recorded_.size();
        const std::uint64_t all = options.messages.value_or(round * devices_.size());
        const bool endless = options.duration.count() > 0 && !options.messages;
        for (std::size_t i = 0; i < devices_.size(); ++i) {
            const std::uint64_t share = all / devices_.size() + (i < all % devices_.size() ? 1 : 0);
            devices_[i].left = endless ? UINT64_MAX : share;
            left_ += endless ? 0 : share;
        }
        endless_ = endless;
    }

    // Until everything is sent, the time is over, or nothing goes on.
    void run() {
        start_ = SteadyClock::now();
        auto progress = start_;
        while (!is_over()) {
            const auto now = SteadyClock::now();
            const auto until_due = time_until_due(now);
            if (until_due.count() > 0) {
                sender_.wait(std::min(until_due, look_again));
                progress = now;
            } else if (send_one()) {
                progress = now;
                if (++sent_ % looks == 0) {
                    sender_.wait(std::chrono::milliseconds(0));
                }
            } else if (now - progress > options_.stall_timeout) {
                stalled_ = true;
                return;
            } else {
                sender_.wait(look_again);
            }
        }
    }

    [[nodiscard]] const MdtGenerated& holds() const { return holds_; }

    [[nodiscard]] std::uint64_t unsent() const { return left_; }

    [[nodiscard]] bool stalled() const { return stalled_; }

    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(SteadyClock::now() - start_).count();
    }

  private:
    static constexpr std::uint64_t looks = 64;  // messages between two looks at the connections

    [[nodiscard]] bool is_over() const {
        const bool timed = options_.duration.count() > 0;
        if (timed && SteadyClock::now() - start_ >= options_.duration) {
            return true;
        }
        return (!endless_ && left_ == 0) || all_failed_;
    }

    [[nodiscard]] std::chrono::milliseconds time_until_due(SteadyClock::time_point now) const {
        if (options_.rate_messages_per_s <= 0) {
            return std::chrono::milliseconds(0);
        }
        const std::chrono::duration<double> due(static_cast<double>(sent_) /
                                                options_.rate_messages_per_s);
        return std::chrono::ceil<std::chrono::milliseconds>(start_ + due - now);
    }

    // From the next device in turn whose connection takes one.
    bool send_one() {
        all_failed_ = true;
        for (std::size_t tried = 0; tried < devices_.size(); ++tried) {
            const std::uint32_t at = next_;
            next_ = (next_ + 1) % static_cast<std::uint32_t>(devices_.size());
            all_failed_ = all_failed_ && (sender_.failed(at) || devices_[at].left == 0);
            if (devices_[at].left > 0 && sender_.ready(at)) {
                all_failed_ = false;
                send_from(at);
                return true;
            }
        }
        return false;
    }

    void send_from(std::uint32_t at) {
        Device& device = devices_[at];
        MdtGenerated holds;
        if (recorded_.empty()) {
            // Two messages of a device never have one time: samples at one time are one sample.
            device.last_ms = std::max(device.last_ms + 1, unix_ms());
            holds = generator_.generate(at, device.round, device.last_ms, message_);
            sender_.send(at, message_, options_.generator.encoding);
        } else {
            const Recorded& each = recorded_[device.round % recorded_.size()];
            holds = each.holds;
            sender_.send(at, each.bytes, each.encoding);
        }
        holds_.rows += holds.rows;
        holds_.leaves += holds.leaves;
        ++device.round;
        if (!endless_) {
            --device.left;
            --left_;
        }
    }

    static std::uint64_t unix_ms() {
        const auto now = std::chrono::system_clock::now().time_since_epoch();
        return static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
    }

    const SendMdtOptions& options_;
    const std::vector<Recorded> recorded_;
    const MdtGenerator generator_;
    MdtSender& sender_;
    std::vector<Device> devices_;
    SteadyClock::time_point start_;
    std::string message_;
    MdtGenerated holds_;
    std::uint64_t left_ = 0;
    std::uint64_t sent_ = 0;
    std::uint32_t next_ = 0;
    bool endless_ = false;
    bool all_failed_ = false;
    bool stalled_ = false;
};

// Every device needs a descriptor, and more than the usual limit.
void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// HOST:PORT or [HOST]:PORT.
Result<bool> split_target(std::string_view to, MdtSenderOptions& sender) {
    const std::size_t colon = to.rfind(':');
    if (colon == to.npos || colon == 0 || colon + 1 == to.size()) {
        return fail(fmt::format("--to: \"{}\" is not HOST:PORT", to));
    }
    std::string_view host = to.substr(0, colon);
    if (sender.transport != MdtTransport::grpc && host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
    }
    sender.host = host;
    sender.port = to.substr(colon + 1);
    return true;
}

Result<bool> check(const SendMdtOptions& options) {
    if (options.sender.devices == 0 || options.generator.interfaces == 0) {
        return fail("--devices and --interfaces must not be 0");
    }
    if (options.sender.transport != MdtTransport::grpc &&
        (options.sender.chunk_bytes > 0 || options.sender.gzip || options.sender.tls ||
         !options.sender.tls_ca.empty() || !options.sender.tls_cert.empty())) {
        return fail("--chunk, --gzip and --tls are for --transport grpc");
    }
    if (options.sender.transport == MdtTransport::grpc && !options.sender.source.empty()) {
        return fail("--source is for --transport tcp and udp");
    }
    return true;
}

void print(const MdtSenderCounts& counts, const Player& player, const std::string& error,
           double seconds, std::ostream& out) {
    std::string text;
    append_json_string(error, text);
    out << fmt::format(
               R"({{"messages":{},"rows":{},"leaves":{},"bytes":{},"chunks":{},"replies":{},)"
               R"("sessions":{},"failed_sessions":{},"refused":{},"unsent":{},"seconds":{:.3f},)"
               R"("error":{}}})",
               counts.messages, player.holds().rows, player.holds().leaves, counts.bytes,
               counts.chunks, counts.replies, counts.sessions_opened, counts.sessions_failed,
               counts.refused, player.unsent(), seconds, text)
        << "\n";
    out.flush();
}

}  // namespace

int run_send_mdt_command(const SendMdtOptions& options, std::ostream& out, std::ostream& errors) {
    const auto refuse = [&errors](const Error& error, int status) {
        errors << "weir: " << error.message << "\n";
        return status;
    };
    MdtSenderOptions sender_options = options.sender;
    if (const auto split = split_target(options.to, sender_options); !split) {
        return refuse(split.error(), 2);
    }
    if (const auto checked = check(options); !checked) {
        return refuse(checked.error(), 2);
    }
    auto recorded = read_files(options.files);
    if (!recorded) {
        return refuse(recorded.error(), 1);
    }
    raise_descriptor_limit();
    auto sender = make_mdt_sender(sender_options);
    if (!sender) {
        return refuse(sender.error(), 1);
    }
    Player player(options, std::move(*recorded), **sender);
    player.run();
    const double seconds = player.seconds();
    const bool finished = (*sender)->finish(options.finish_timeout);
    const MdtSenderCounts& counts = (*sender)->counts();
    std::string error = counts.first_error;
    if (error.empty() && player.stalled()) {
        error = "no connection took a message any more";
    } else if (error.empty() && !finished) {
        error = "the receiver did not end all connections in time";
    }
    print(counts, player, error, seconds, out);
    return error.empty() && player.unsent() == 0 ? 0 : 1;
}

std::optional<MdtTransport> mdt_transport_from_name(std::string_view name) {
    if (name == "grpc") {
        return MdtTransport::grpc;
    }
    if (name == "tcp") {
        return MdtTransport::tcp;
    }
    if (name == "udp") {
        return MdtTransport::udp;
    }
    return std::nullopt;
}

}  // namespace weir
