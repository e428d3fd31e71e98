#include "app/send_mdt_command.h"

#include "parsers/mdt_chunks.h"
#include "parsers/mdt_framing.h"
#include "parsers/mdt_message.h"
#include "tests/parsers/mdt_dump.h"
#include "tests/support/temp_dir.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <arpa/inet.h>
#include <fstream>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>
#include <mutex>
#include <netinet/in.h>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

namespace weir {
namespace {

using nlohmann::json;

struct Outcome {
    int status = 0;
    json told;
    std::string errors;
};

Outcome run(SendMdtOptions options) {
    std::stringstream out;
    std::stringstream errors;
    Outcome outcome;
    outcome.status = run_send_mdt_command(options, out, errors);
    outcome.errors = errors.str();
    const std::string text = out.str();
    outcome.told = text.empty() ? json() : json::parse(text);
    return outcome;
}

// Reads messages, whoever they come from.
class Receiver {
  public:
    void take(std::string_view message, MdtBody body) {
        const std::lock_guard lock(mutex_);
        ++messages;
        read_mdt(message, body, {}, scratch_, dump);
        sizes += message.size();
    }

    std::uint64_t messages = 0;
    std::uint64_t sizes = 0;
    TelemetryDump dump;

  private:
    std::mutex mutex_;
    MdtScratch scratch_;
};

class Unlimited final : public MdtChunkBudget {
  public:
    [[nodiscard]] bool charge(std::size_t /*bytes*/) override { return true; }

    void release(std::size_t /*bytes*/) override {}
};

// One call of a device.
class Reactor final : public grpc::ServerGenericBidiReactor {
  public:
    explicit Reactor(Receiver& receiver) : receiver_(receiver), chunks_({}, unlimited_) {
        StartRead(&buffer_);
    }

    void OnReadDone(bool ok) override {
        if (!ok) {
            Finish(grpc::Status::OK);
            return;
        }
        grpc::Slice slice;
        static_cast<void>(buffer_.DumpToSingleSlice(&slice));
        MdtDialoutArgs args;
        EXPECT_TRUE(
            read_mdt_dialout({reinterpret_cast<const char*>(slice.begin()), slice.size()}, args));
        const MdtChunkStep step = chunks_.take(args, 0);
        EXPECT_EQ(step.given_drop, MdtChunkDrop::none);
        if (step.has_message) {
            receiver_.take(step.message, MdtBody::any);
        }
        StartRead(&buffer_);
    }

    void OnDone() override { self_.reset(); }

    // It lives as long as its call.
    static grpc::ServerGenericBidiReactor* make(Receiver& receiver) {
        auto reactor = std::make_unique<Reactor>(receiver);
        Reactor* const raw = reactor.get();
        raw->self_ = std::move(reactor);
        return raw;
    }

  private:
    Receiver& receiver_;
    Unlimited unlimited_;
    MdtChunks chunks_;
    grpc::ByteBuffer buffer_;
    std::unique_ptr<Reactor> self_;
};

class GrpcReceiver final : public grpc::CallbackGenericService {
  public:
    GrpcReceiver() {
        grpc::ServerBuilder builder;
        builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
        builder.RegisterCallbackGenericService(this);
        server_ = builder.BuildAndStart();
    }

    ~GrpcReceiver() override { server_->Shutdown(); }

    grpc::ServerGenericBidiReactor* CreateReactor(
        grpc::GenericCallbackServerContext* context) override {
        EXPECT_EQ(context->method(), "/mdt_dialout.gRPCMdtDialout/MdtDialout");
        {
            const std::lock_guard lock(mutex_);
            peers.insert(context->peer());
        }
        return Reactor::make(receiver);
    }

    int port = 0;
    std::set<std::string> peers;
    Receiver receiver;

  private:
    std::mutex mutex_;
    std::unique_ptr<grpc::Server> server_;
};

// Listens on a port of the loopback for datagrams or for one connection after the other.
class SocketReceiver {
  public:
    SocketReceiver(int type, std::size_t connections)
        : type_(type), connections_(connections), socket_(::socket(AF_INET, type, 0)) {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof(address);
        EXPECT_EQ(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size), 0);
        EXPECT_EQ(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size), 0);
        port = ntohs(address.sin_port);
        if (type == SOCK_STREAM) {
            EXPECT_EQ(::listen(socket_, 64), 0);
        }
        thread_ = std::thread([this] { type_ == SOCK_STREAM ? accept_all() : read_datagrams(); });
    }

    ~SocketReceiver() { join(); }

    void join() {
        if (thread_.joinable()) {
            thread_.join();
            ::close(socket_);
        }
    }

    int port = 0;
    std::set<std::string> peers;
    Receiver receiver;

  private:
    void note(const sockaddr_in& peer) {
        char text[INET_ADDRSTRLEN] = {};
        inet_ntop(AF_INET, &peer.sin_addr, text, sizeof(text));
        peers.insert(text);
    }

    void accept_all() {
        for (std::size_t i = 0; i < connections_; ++i) {
            sockaddr_in peer{};
            socklen_t size = sizeof(peer);
            const int session = ::accept(socket_, reinterpret_cast<sockaddr*>(&peer), &size);
            note(peer);
            read_stream(session);
            ::close(session);
        }
    }

    void read_stream(int session) {
        MdtFramer framer(1 << 20);
        std::string buffer;
        char bytes[4096];
        ssize_t got = 0;
        while ((got = ::recv(session, bytes, sizeof(bytes), 0)) > 0) {
            buffer.append(bytes, static_cast<std::size_t>(got));
            MdtFramingStep step = framer.next(buffer);
            while (step.consumed > 0) {
                if (step.has_frame) {
                    receiver.take(step.frame, step.body);
                }
                buffer.erase(0, step.consumed);
                step = framer.next(buffer);
            }
            EXPECT_EQ(step.error, MdtFramingError::none);
        }
        EXPECT_TRUE(buffer.empty());
    }

    void read_datagrams() {
        std::string bytes(70'000, '\0');
        for (std::size_t i = 0; i < connections_; ++i) {
            sockaddr_in peer{};
            socklen_t size = sizeof(peer);
            const ssize_t got = ::recvfrom(socket_, bytes.data(), bytes.size(), 0,
                                           reinterpret_cast<sockaddr*>(&peer), &size);
            note(peer);
            const MdtDatagram datagram =
                read_mdt_datagram(std::string_view(bytes).substr(0, static_cast<std::size_t>(got)));
            EXPECT_EQ(datagram.error, MdtFramingError::none);
            receiver.take(datagram.message, datagram.body);
        }
    }

    const int type_;
    const std::size_t connections_;
    const int socket_;
    std::thread thread_;
};

// What was told to be sent is what came.
void expect_same(const Outcome& sent, const Receiver& received) {
    EXPECT_EQ(sent.status, 0) << sent.errors << sent.told;
    EXPECT_EQ(sent.told["messages"], received.messages);
    EXPECT_EQ(sent.told["rows"], received.dump.rows.size());
    EXPECT_EQ(sent.told["bytes"], received.sizes);
    EXPECT_EQ(received.dump.defects, std::vector<std::string>{});
}

TEST(SendMdt, SendsByGrpc) {
    for (const bool chunked : {false, true}) {
        GrpcReceiver server;
        SendMdtOptions options;
        options.to = fmt::format("127.0.0.1:{}", server.port);
        options.sender.devices = 7;
        options.sender.chunk_bytes = chunked ? 300 : 0;
        options.sender.gzip = !chunked;
        options.generator = {.shape = chunked ? MdtShape::nxos_dme : MdtShape::xe, .interfaces = 5};
        options.messages = 40;
        const Outcome outcome = run(options);
        expect_same(outcome, server.receiver);
        EXPECT_EQ(outcome.told["sessions"], 7);
        EXPECT_EQ(server.peers.size(), 7U) << "a connection for each";
        EXPECT_EQ(outcome.told["chunks"].get<int>() > 40, chunked);
    }
}

TEST(SendMdt, SendsByTcp) {
    SocketReceiver server(SOCK_STREAM, 3);
    SendMdtOptions options;
    options.to = fmt::format("127.0.0.1:{}", server.port);
    options.sender = {.transport = MdtTransport::tcp, .devices = 3, .source = "127.3.0.1"};
    options.generator = {.encoding = TelemetryEncoding::json, .interfaces = 30};
    options.messages = 100;
    const Outcome outcome = run(options);
    server.join();
    expect_same(outcome, server.receiver);
    EXPECT_EQ(server.peers, (std::set<std::string>{"127.3.0.1", "127.3.0.2", "127.3.0.3"}));
}

TEST(SendMdt, SendsByUdp) {
    for (const bool header : {false, true}) {
        SocketReceiver server(SOCK_DGRAM, 6);
        SendMdtOptions options;
        options.to = fmt::format("127.0.0.1:{}", server.port);
        options.sender = {.transport = MdtTransport::udp,
                          .devices = 3,
                          .datagram_header = header,
                          .source = "127.3.0.1"};
        options.generator.interfaces = 4;
        options.messages = 6;
        options.rate_messages_per_s = 500;
        const Outcome outcome = run(options);
        server.join();
        expect_same(outcome, server.receiver);
        EXPECT_EQ(server.peers.size(), 3U);
    }
}

TEST(SendMdt, PlaysWhatWasRecorded) {
    const test::TempDir directory;
    const MdtGenerator generator({.interfaces = 2});
    std::string message;
    static_cast<void>(generator.generate(0, 0, 1, message));
    std::string stream;
    for (int i = 0; i < 3; ++i) {
        append_mdt_header(TelemetryEncoding::kvgpb, message.size(), stream);
        stream += message;
    }
    std::ofstream(directory.file("raw"), std::ios::binary) << message;
    std::ofstream(directory.file("stream"), std::ios::binary) << stream;
    GrpcReceiver server;
    SendMdtOptions options;
    options.to = fmt::format("127.0.0.1:{}", server.port);
    options.sender.devices = 2;
    options.files = {directory.file("raw"), directory.file("stream")};
    const Outcome outcome = run(options);
    expect_same(outcome, server.receiver);
    EXPECT_EQ(outcome.told["messages"], 8);
    EXPECT_EQ(outcome.told["leaves"], 8 * 2 * 16);
}

TEST(SendMdt, TellsThatNobodyIsThere) {
    SendMdtOptions options;
    options.to = "127.0.0.1:1";
    options.sender.transport = MdtTransport::tcp;
    const Outcome outcome = run(options);
    EXPECT_EQ(outcome.status, 1);
    EXPECT_EQ(outcome.told["failed_sessions"], 1);
    EXPECT_EQ(outcome.told["unsent"], 1);
    EXPECT_NE(outcome.told["error"], "");
    options.sender.transport = MdtTransport::grpc;
    options.stall_timeout = options.finish_timeout = std::chrono::milliseconds(300);
    EXPECT_EQ(run(options).status, 1);
}

TEST(SendMdt, RefusesWhatMakesNoSense) {
    SendMdtOptions options;
    options.to = "nowhere";
    EXPECT_EQ(run(options).status, 2);
    options.to = "127.0.0.1:1";
    options.sender.devices = 0;
    EXPECT_EQ(run(options).status, 2);
    options.sender.devices = 1;
    options.sender.source = "127.0.0.2";
    EXPECT_EQ(run(options).status, 2);
    options.sender = {.transport = MdtTransport::tcp, .chunk_bytes = 5};
    EXPECT_EQ(run(options).status, 2);
    options.sender = {};
    options.files = {"/nonexistent"};
    EXPECT_EQ(run(options).status, 1);
}

}  // namespace
}  // namespace weir
