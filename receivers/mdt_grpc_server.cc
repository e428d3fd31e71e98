#include "receivers/mdt_grpc_server.h"

#include "core/assert.h"
#include "receivers/mdt_grpc_call.h"

#include <algorithm>
#include <charconv>
#include <grpc/support/log.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_provider.h>
#include <map>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

namespace weir {

namespace {

using Acceptor = grpc::experimental::ExternalConnectionAcceptor;

constexpr std::int64_t tick_interval_ns = ns_per_s;
constexpr std::size_t kept_bytes_max = 1024UL * 1024;
// After this the server ends whatever is still there. The listener has shut every connection down
// long before.
constexpr std::int64_t shutdown_max_ns = 600 * ns_per_s;
constexpr unsigned certificate_poll_s = 5;
// Of a compressed message the bound is for what it carries; the wrapper around that is small.
constexpr std::size_t wrapper_bytes_max = 64;

int as_ms(std::int64_t ns) {
    return static_cast<int>(std::min<std::int64_t>(ns / ns_per_ms, INT32_MAX));
}

gpr_timespec in_ns(std::int64_t ns) {
    return gpr_time_add(gpr_now(GPR_CLOCK_MONOTONIC), gpr_time_from_nanos(ns, GPR_TIMESPAN));
}

// gRPC writes to standard error by itself, once for every peer that breaks the protocol.
void silence_grpc() {
    gpr_set_log_function([](gpr_log_func_args* /*arguments*/) {});
}

std::shared_ptr<grpc::ServerCredentials> make_credentials(const TlsServerFiles& files) {
    namespace experimental = grpc::experimental;
    const auto provider =
        files.client_ca.empty()
            ? std::make_shared<experimental::FileWatcherCertificateProvider>(
                  files.key, files.certificate, certificate_poll_s)
            : std::make_shared<experimental::FileWatcherCertificateProvider>(
                  files.key, files.certificate, files.client_ca, certificate_poll_s);
    experimental::TlsServerCredentialsOptions options(provider);
    options.watch_identity_key_cert_pairs();
    if (!files.client_ca.empty()) {
        options.watch_root_certs();
        options.set_cert_request_type(
            files.client_optional ? GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY
                                  : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
    }
    return experimental::TlsServerCredentials(options);
}

// "ipv4:192.0.2.1:57000" or "ipv6:%5B2001:db8::1%5D:57000", as gRPC writes a peer.
std::optional<Peer> parse_grpc_peer(std::string_view text) {
    const std::size_t scheme = text.find(':');
    const std::size_t colon = text.rfind(':');
    if (scheme == std::string_view::npos || colon == scheme) {
        return std::nullopt;
    }
    std::string_view address = text.substr(scheme + 1, colon - scheme - 1);
    constexpr std::string_view open = "%5B";
    constexpr std::string_view close = "%5D";
    if (address.starts_with(open) && address.ends_with(close)) {
        address = address.substr(open.size(), address.size() - open.size() - close.size());
        address = address.substr(0, address.find('%'));  // without a zone
    }
    const std::string_view digits = text.substr(colon + 1);
    std::uint16_t port = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), port);
    const Result<IpAddress> parsed = IpAddress::parse(address);
    if (!parsed || read.ec != std::errc() || read.ptr != digits.data() + digits.size()) {
        return std::nullopt;
    }
    return Peer{.address = *parsed, .port = port};
}

using PeerKey = std::pair<IpAddress, std::uint16_t>;

PeerKey key_of(const Peer& peer) {
    return {peer.address, peer.port};
}

}  // namespace

class MdtGrpcServer::Impl final : public MdtGrpcCalls {
  public:
    Impl(const Options& options, MdtStreamShared& shared, MdtSink& sink, const Clock& clock,
         OnUnknownMethod on_unknown_method)
        : options_(options),
          shared_(shared),
          sink_(sink),
          clock_(clock),
          on_unknown_method_(std::move(on_unknown_method)),
          message_bytes_max_(options.message_bytes_max),
          tick_(*this),
          ending_event_(*this) {}

    [[nodiscard]] bool start();
    void hand_over(FileDescriptor socket, bool tls, const MdtGrpcConnectionPtr& connection);
    void forget(const MdtGrpcConnectionPtr& connection);

    void set_message_bytes_max(std::size_t bytes) { message_bytes_max_ = bytes; }

    void go_away();
    void stop();

  private:
    // Every second, and once at the end.
    struct Tick final : MdtGrpcEvent {
        explicit Tick(Impl& impl) : owner(impl) {}

        void on_event(bool /*ok*/) override { owner.tick(); }

        Impl& owner;
        grpc::Alarm alarm;
    };

    struct Ending final : MdtGrpcEvent {
        explicit Ending(Impl& impl) : owner(impl) {}

        void on_event(bool /*ok*/) override { owner.begin_end(); }

        Impl& owner;
        grpc::Alarm alarm;
    };

    void add_arguments(grpc::ServerBuilder& builder) const;
    void run();
    void tick();
    void begin_end();
    void end_if_idle();

    grpc::AsyncGenericService& service() override { return service_; }

    grpc::ServerCompletionQueue& queue() override { return *queue_; }

    void on_call() override;
    void on_end(MdtGrpcCall& call) override;
    MdtGrpcConnectionPtr connection_of(const std::string& peer) override;

    void on_unknown_method(const MdtGrpcConnectionPtr& connection,
                           const std::string& method) override {
        on_unknown_method_(connection, method);
    }

    std::optional<std::string_view> contents(const grpc::ByteBuffer& message,
                                             RejectReason& refused) override;

    [[nodiscard]] std::size_t message_bytes_max() const override { return message_bytes_max_; }

    [[nodiscard]] const Options& options() const override { return options_; }

    [[nodiscard]] MdtStreamShared& shared() override { return shared_; }

    [[nodiscard]] MdtSink& sink() override { return sink_; }

    [[nodiscard]] const Clock& clock() const override { return clock_; }

    Options options_;
    MdtStreamShared& shared_;
    MdtSink& sink_;
    const Clock& clock_;
    OnUnknownMethod on_unknown_method_;
    std::atomic<std::size_t> message_bytes_max_;

    std::unique_ptr<Acceptor> plain_acceptor_;
    std::unique_ptr<Acceptor> tls_acceptor_;
    grpc::AsyncGenericService service_;
    std::unique_ptr<grpc::ServerCompletionQueue> queue_;
    std::unique_ptr<grpc::Server> server_;
    std::thread thread_;    // takes what the queue gives back
    std::thread shutdown_;  // waits for the connections to end

    std::mutex connections_mutex_;
    std::map<PeerKey, MdtGrpcConnectionPtr> connections_;  // at most connections_max

    // Of the thread.
    std::map<MdtGrpcCall*, std::unique_ptr<MdtGrpcCall>> calls_;
    MdtInflater inflater_;
    std::string joined_;
    std::vector<grpc::Slice> slices_;
    Tick tick_;
    Ending ending_event_;
    bool ending_ = false;
    bool ticking_ = true;
};

bool MdtGrpcServer::Impl::start() {
    grpc::ServerBuilder builder;
    add_arguments(builder);
    builder.RegisterAsyncGenericService(&service_);
    queue_ = builder.AddCompletionQueue();
    using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
    plain_acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
        Type::FROM_FD, grpc::InsecureServerCredentials());
    if (options_.tls) {
        tls_acceptor_ = builder.experimental().AddExternalConnectionAcceptor(
            Type::FROM_FD, make_credentials(*options_.tls));
    }
    server_ = builder.BuildAndStart();
    if (server_ == nullptr) {
        return false;
    }
    on_call();
    tick_.alarm.Set(queue_.get(), in_ns(tick_interval_ns), &tick_);
    thread_ = std::thread([this] { run(); });
    return true;
}

void MdtGrpcServer::Impl::add_arguments(grpc::ServerBuilder& builder) const {
    const int receive_max = static_cast<int>(
        std::min<std::size_t>(2 * options_.message_bytes_max + wrapper_bytes_max, INT32_MAX));
    builder.SetMaxReceiveMessageSize(receive_max);
    grpc::ResourceQuota quota("weir telemetry");
    quota.Resize(options_.quota_bytes);
    builder.SetResourceQuota(quota);
    const auto argument = [&builder](const char* name, int value) {
        builder.AddChannelArgument(name, value);
    };
    // See mdt_inflate.
    argument(GRPC_ARG_ENABLE_PER_MESSAGE_DECOMPRESSION, 0);
    argument(GRPC_ARG_MAX_CONCURRENT_STREAMS, static_cast<int>(options_.calls_per_connection_max));
    argument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, as_ms(options_.handshake_timeout_ns));
    // IOS-XE pings more often than gRPC finds polite, and would be disconnected for it
    // (ENHANCE_YOUR_CALM).
    argument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 1);
    argument(GRPC_ARG_HTTP2_MAX_PING_STRIKES, 0);
    argument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    argument(GRPC_ARG_KEEPALIVE_TIME_MS, as_ms(options_.keepalive_interval_ns));
    argument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, as_ms(options_.keepalive_timeout_ns));
    argument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);  // devices send none back for hours
    if (options_.connection_age_max_ns > 0) {
        argument(GRPC_ARG_MAX_CONNECTION_AGE_MS, as_ms(options_.connection_age_max_ns));
        argument(GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, as_ms(options_.connection_age_grace_ns));
    }
    // The window grows for a message that is being read; it need not grow by guessing.
    argument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
    argument(GRPC_ARG_ENABLE_CHANNELZ, 0);
    argument(GRPC_ARG_MAX_CHANNEL_TRACE_EVENT_MEMORY_PER_NODE, 0);
}

void MdtGrpcServer::Impl::hand_over(FileDescriptor socket, bool tls,
                                    const MdtGrpcConnectionPtr& connection) {
    {
        // A device that comes again from the same port has left its old connection.
        const std::lock_guard lock(connections_mutex_);
        connections_[key_of(connection->socket_peer)] = connection;
    }
    Acceptor::NewConnectionParameters parameters;
    parameters.fd = socket.release();
    const std::unique_ptr<Acceptor>& acceptor = tls ? tls_acceptor_ : plain_acceptor_;
    WEIR_ASSERT(acceptor != nullptr);
    acceptor->HandleNewConnection(&parameters);
}

void MdtGrpcServer::Impl::forget(const MdtGrpcConnectionPtr& connection) {
    const std::lock_guard lock(connections_mutex_);
    const auto found = connections_.find(key_of(connection->socket_peer));
    if (found != connections_.end() && found->second == connection) {
        connections_.erase(found);
    }
}

MdtGrpcConnectionPtr MdtGrpcServer::Impl::connection_of(const std::string& peer) {
    const std::optional<Peer> parsed = parse_grpc_peer(peer);
    if (!parsed) {
        return nullptr;
    }
    const std::lock_guard lock(connections_mutex_);
    const auto found = connections_.find(key_of(*parsed));
    return found == connections_.end() ? nullptr : found->second;
}

void MdtGrpcServer::Impl::run() {
    void* tag = nullptr;
    bool ok = false;
    while (queue_->Next(&tag, &ok)) {
        static_cast<MdtGrpcEvent*>(tag)->on_event(ok);
    }
}

void MdtGrpcServer::Impl::on_call() {
    auto call = std::make_unique<MdtGrpcCall>(*this);
    MdtGrpcCall& waiting = *call;
    calls_.emplace(&waiting, std::move(call));
    waiting.wait_for_call();
}

void MdtGrpcServer::Impl::on_end(MdtGrpcCall& call) {
    calls_.erase(&call);
    end_if_idle();
}

std::optional<std::string_view> MdtGrpcServer::Impl::contents(const grpc::ByteBuffer& message,
                                                              RejectReason& refused) {
    slices_.clear();
    if (!message.Dump(&slices_).ok()) {
        refused = RejectReason::bad_frame;
        return std::nullopt;
    }
    std::string_view bytes;
    if (slices_.size() == 1) {
        bytes = {reinterpret_cast<const char*>(slices_[0].begin()), slices_[0].size()};
    } else {
        joined_.clear();
        joined_.reserve(message.Length());
        for (const grpc::Slice& slice : slices_) {
            joined_.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
        }
        bytes = joined_;
    }
    if (!MdtInflater::is_compressed(bytes)) {
        return bytes;
    }
    switch (inflater_.inflate(bytes, message_bytes_max_ + wrapper_bytes_max)) {
        case InflateVerdict::whole:
            return inflater_.into();
        case InflateVerdict::too_long:
            refused = RejectReason::decompressed_size;
            return std::nullopt;
        case InflateVerdict::broken:
            break;
    }
    refused = RejectReason::bad_frame;
    return std::nullopt;
}

void MdtGrpcServer::Impl::tick() {
    if (joined_.capacity() > kept_bytes_max) {
        joined_ = {};
    }
    slices_ = {};
    inflater_.shrink();
    const std::int64_t now_ns = clock_.monotonic_ns();
    for (const auto& [call, owned] : calls_) {
        call->expire(now_ns);
    }
    ticking_ = !ending_;
    if (ticking_) {
        tick_.alarm.Set(queue_.get(), in_ns(tick_interval_ns), &tick_);
    } else {
        end_if_idle();
    }
}

void MdtGrpcServer::Impl::begin_end() {
    ending_ = true;
    tick_.alarm.Cancel();
    end_if_idle();
}

void MdtGrpcServer::Impl::end_if_idle() {
    if (ending_ && !ticking_ && calls_.empty()) {
        queue_->Shutdown();
    }
}

void MdtGrpcServer::Impl::go_away() {
    if (!shutdown_.joinable()) {
        const auto deadline = in_ns(shutdown_max_ns);
        shutdown_ = std::thread([this, deadline] { server_->Shutdown(deadline); });
    }
}

void MdtGrpcServer::Impl::stop() {
    if (!thread_.joinable()) {
        return;
    }
    go_away();
    shutdown_.join();
    ending_event_.alarm.Set(queue_.get(), in_ns(0), &ending_event_);
    thread_.join();
}

MdtGrpcServer::MdtGrpcServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

MdtGrpcServer::~MdtGrpcServer() {
    stop();
}

Result<std::unique_ptr<MdtGrpcServer>> MdtGrpcServer::start(const Options& options,
                                                            MdtStreamShared& shared, MdtSink& sink,
                                                            const Clock& clock,
                                                            OnUnknownMethod on_unknown_method) {
    silence_grpc();
    auto impl = std::make_unique<Impl>(options, shared, sink, clock, std::move(on_unknown_method));
    if (!impl->start()) {
        return fail("gRPC does not start");
    }
    return std::make_unique<MdtGrpcServer>(std::move(impl));
}

void MdtGrpcServer::hand_over(FileDescriptor socket, bool tls,
                              const MdtGrpcConnectionPtr& connection) {
    impl_->hand_over(std::move(socket), tls, connection);
}

void MdtGrpcServer::forget(const MdtGrpcConnectionPtr& connection) {
    impl_->forget(connection);
}

void MdtGrpcServer::set_message_bytes_max(std::size_t message_bytes_max) {
    impl_->set_message_bytes_max(message_bytes_max);
}

void MdtGrpcServer::go_away() {
    impl_->go_away();
}

void MdtGrpcServer::stop() {
    impl_->stop();
}

}  // namespace weir
