// gRPC of telemetry, with gRPC's own client as the device: what real devices do and what they must
// not be able to do.
#include "tests/receivers/mdt_fixture.h"
#include "tests/receivers/mdt_relay.h"
#include "tests/support/certificates.h"

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <fstream>
#include <sstream>
#include <zlib.h>

namespace weir {
namespace {

using namespace std::string_literals;

class MdtGrpcTest : public MdtFixture {};

std::string letters(std::size_t size, char letter = 'x') {
    return std::string(size, letter);
}

TEST_F(MdtGrpcTest, AnotherMethodIsUnimplementedAndSaid) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call("/gnmi.gNMI/Publish"));
    EXPECT_EQ(device.finish().error_code(), grpc::StatusCode::UNIMPLEMENTED);
    ASSERT_TRUE(wait_for_refused(RefusalReason::unknown_method));
    EXPECT_NE(events_.details(EventId::session_refused)
                  .find("127.0.0.1: called the gRPC method /gnmi.gNMI/Publish"),
              std::string::npos);
    // The connection stays and may do better.
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    EXPECT_TRUE(wait_for_messages(1));
}

TEST_F(MdtGrpcTest, ADevicesErrorIsHandedOnAndTheStreamGoesOn) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("", 0, 1, "no such path")));
    ASSERT_TRUE(device.write(mdt_args("")));  // a keep-alive of NX-OS
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.errors(), std::vector{"no such path"s});
    EXPECT_EQ(recorder_.counted().received.value(), 1U);
}

TEST_F(MdtGrpcTest, BrokenMessagesAreCountedAndTheStreamGoesOn) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write("\x12\x7f cut"));
    ASSERT_TRUE(device.write("\x1f\x8b\x08 no gzip after all"));
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.rejected(RejectReason::bad_frame), 2U);
}

TEST_F(MdtGrpcTest, ChunksBecomeOneMessage) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("abcd", 10)));
    ASSERT_TRUE(device.write(mdt_args("efgh", 10)));
    ASSERT_TRUE(device.write(mdt_args("ij", 10)));
    ASSERT_TRUE(device.write(mdt_args("whole")));
    ASSERT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.texts(), (std::vector{"abcdefghij"s, "whole"s}));
    EXPECT_EQ(recorder_.counted().merged.value(), 2U);
    EXPECT_EQ(recorder_.counted().received.value(), 4U);
}

TEST_F(MdtGrpcTest, ChunksOfACallThatEndsAreRejected) {
    open();
    {
        MdtClient device(port_);
        ASSERT_TRUE(device.call());
        ASSERT_TRUE(device.write(mdt_args("abcd", 10)));
        ASSERT_TRUE(wait_until([&] { return recorder_.counted().held.value() == 1; }));
        EXPECT_GT(shared_.streams.session_bytes.used(), 0U);
    }
    ASSERT_TRUE(wait_for_rejected(RejectReason::bad_chunk));
}

TEST_F(MdtGrpcTest, ChunksWithoutMemoryAreRejectedByName) {
    shared_.streams.session_bytes.set_max(100);
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args(letters(150), 300)));
    ASSERT_TRUE(device.write(mdt_args(letters(150), 300)));
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.rejected(RejectReason::session_bytes), 2U);
}

TEST_F(MdtGrpcTest, AMessageOf16MiBIsTaken) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    const std::string large = letters(16UL * 1024 * 1024);
    ASSERT_TRUE(device.write(mdt_args(large)));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.messages()[0].bytes.size(), large.size());
    EXPECT_EQ(recorder_.messages()[0].bytes, large);
}

TEST_F(MdtGrpcTest, TooLongIsRejectedByNameAndFarTooLongEndsTheCall) {
    open({.limits = {.message_bytes_max = 1024}});
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args(letters(1025))));
    ASSERT_TRUE(device.write(mdt_args(letters(1024))));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_EQ(recorder_.rejected(RejectReason::oversize), 1U);
    static_cast<void>(device.write(mdt_args(letters(4096))));
    EXPECT_FALSE(device.finish().ok());
    EXPECT_EQ(recorder_.count(), 1U);
}

TEST_F(MdtGrpcTest, GzipIsTaken) {
    open();
    for (const auto algorithm : {GRPC_COMPRESS_GZIP, GRPC_COMPRESS_DEFLATE}) {
        MdtClient device(port_);
        ASSERT_TRUE(device.call(MdtClient::method, algorithm));
        ASSERT_TRUE(device.write(mdt_args(letters(5000))));
        ASSERT_TRUE(device.write(mdt_args("s")));  // gains nothing, and is sent as it is
        ASSERT_TRUE(device.writes_done());
        EXPECT_TRUE(device.finish().ok());
    }
    ASSERT_TRUE(wait_for_messages(4));
    EXPECT_EQ(recorder_.texts(), (std::vector{letters(5000), "s"s, letters(5000), "s"s}));
    EXPECT_LT(recorder_.counted().received_bytes.value(), 10000U);  // it did come compressed
}

// What the process holds, in KiB.
std::uint64_t resident_kib(const char* field = "VmRSS:") {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(field)) {
            std::istringstream words(line.substr(std::string(field).size()));
            std::uint64_t kib = 0;
            words >> kib;
            return kib;
        }
    }
    return 0;
}

// gzip of so many zeros, without ever having them.
std::string bomb(std::size_t bytes) {
    z_stream stream{};
    deflateInit2(&stream, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY);
    const std::string zeros(1 << 20, '\0');
    std::string out(bytes / 500 + 1024, '\0');
    stream.next_out = reinterpret_cast<Bytef*>(out.data());
    stream.avail_out = static_cast<uInt>(out.size());
    for (std::size_t done = 0; done < bytes; done += zeros.size()) {
        stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(zeros.data()));
        stream.avail_in = static_cast<uInt>(zeros.size());
        deflate(&stream, done + zeros.size() >= bytes ? Z_FINISH : Z_NO_FLUSH);
    }
    out.resize(out.size() - stream.avail_out);
    deflateEnd(&stream);
    return out;
}

TEST_F(MdtGrpcTest, ABombDoesNotGoOff) {
    open();
    const std::string packed = bomb(1UL << 30);  // about 1 MiB becomes 1 GiB
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    const std::uint64_t before = resident_kib();
    ASSERT_TRUE(device.write(packed));
    ASSERT_TRUE(wait_for_rejected(RejectReason::decompressed_size));
    EXPECT_LT(resident_kib(), before + 100 * 1024);
    ASSERT_TRUE(device.write(mdt_args("one")));
    EXPECT_TRUE(wait_for_messages(1));
}

TEST_F(MdtGrpcTest, ABombMarkedAsGzipDoesNotGoOff) {
    open({.limits = {.message_bytes_max = 100000}});
    MdtClient device(port_);
    ASSERT_TRUE(device.call(MdtClient::method, GRPC_COMPRESS_GZIP));
    ASSERT_TRUE(device.write(mdt_args(letters(50UL * 1024 * 1024))));  // gRPC packs it
    ASSERT_TRUE(wait_for_rejected(RejectReason::decompressed_size));
    ASSERT_TRUE(device.write(mdt_args("one")));
    EXPECT_TRUE(wait_for_messages(1));
}

// IOS-XE pings every few seconds, data or not.
TEST_F(MdtGrpcTest, PingsWithoutDataDoNotTrip) {
    open();
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 200);
    arguments.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    arguments.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
    arguments.SetInt(GRPC_ARG_HTTP2_MIN_SENT_PING_INTERVAL_WITHOUT_DATA_MS, 100);
    MdtClient device(port_, arguments);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    std::this_thread::sleep_for(std::chrono::seconds(4));
    EXPECT_TRUE(device.write(mdt_args("two")));
    ASSERT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.sessions(), 1U);
    EXPECT_EQ(recorder_.counted().sessions_opened.value(), 1U);
}

TEST_F(MdtGrpcTest, APeerThatIsGoneWithoutAWordIsNoticed) {
    open({.grpc = {.keepalive_interval_ns = ns_per_s, .keepalive_timeout_ns = ns_per_s}});
    MdtRelay relay({.to = port_});
    MdtClient device(relay.port());
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    relay.fall_silent();
    EXPECT_TRUE(wait_for_connections(0));
    EXPECT_EQ(recorder_.open_sessions(), 0U);
}

TEST_F(MdtGrpcTest, AConnectionIsAskedToGoAfterItsAge) {
    open({.grpc = {.connection_age_max_ns = ns_per_s, .connection_age_grace_ns = ns_per_s}});
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_FALSE(device.finish().ok());  // by the server, after the grace
    EXPECT_TRUE(wait_for_connections(0));
    ASSERT_TRUE(device.call());  // again, elsewhere
    ASSERT_TRUE(device.write(mdt_args("two")));
    EXPECT_TRUE(wait_for_messages(2));
}

TEST_F(MdtGrpcTest, WithoutRoomNothingIsReadAndNothingIsLost) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    recorder_.room = false;
    std::atomic<int> written{0};
    std::thread writer([&] {
        for (int i = 0; i < 100 && device.write(mdt_args(letters(100000))); ++i) {
            ++written;
        }
    });
    std::this_thread::sleep_for(std::chrono::seconds(1));
    EXPECT_LT(written, 100) << "the window never closed";
    EXPECT_LE(recorder_.count(), 1U);  // the read that was under way
    recorder_.room = true;
    writer.join();
    EXPECT_TRUE(wait_for_messages(100));
    EXPECT_EQ(recorder_.counted().paused.value(), 1U);
}

TEST_F(MdtGrpcTest, OverARateIsReadLater) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    recorder_.pause = 3600 * ns_per_s;
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(device.write(mdt_args("two")));
    ASSERT_TRUE(device.write(mdt_args("three")));
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_LE(recorder_.count(), 1U);
    recorder_.pause = 0;
    EXPECT_TRUE(wait_for_messages(3));
}

TEST_F(MdtGrpcTest, TheDrainAsksDevicesToGoAndTakesWhatTheySendMeanwhile) {
    open();
    MdtClient polite(port_);
    MdtClient stubborn(port_);
    for (MdtClient* device : {&polite, &stubborn}) {
        ASSERT_TRUE(device->call());
        ASSERT_TRUE(device->write(mdt_args("before")));
    }
    ASSERT_TRUE(wait_for_messages(2));
    on_thread([this] { listener_->stop_accepting(); });
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE(polite.write(mdt_args("after")));
    EXPECT_TRUE(stubborn.write(mdt_args("after")));
    ASSERT_TRUE(wait_for_messages(4));
    ASSERT_TRUE(polite.writes_done());
    EXPECT_TRUE(polite.finish().ok());
    EXPECT_TRUE(wait_for_connections(1));  // GOAWAY: its connection ends with its last call
    boost::system::error_code error;
    Socket late(client_io_);
    late.connect({boost::asio::ip::address_v4::loopback(), port_}, error);
    EXPECT_TRUE(error);
    const auto begin = std::chrono::steady_clock::now();
    stop();
    EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(3));
    EXPECT_FALSE(stubborn.finish().ok());
}

TEST_F(MdtGrpcTest, AProxysClientIsTheDevice) {
    recorder_.proxy = *Prefix::parse("127.0.0.9");
    open({.limits = {.connections_per_source_max = 1}});
    MdtRelay first({.to = port_, .header = "PROXY TCP4 192.0.2.1 198.51.100.2 56324 57000\r\n"});
    MdtRelay second({.to = port_, .header = "PROXY TCP4 192.0.2.2 198.51.100.2 56324 57000\r\n"});
    MdtClient one(first.port());
    MdtClient two(second.port());
    ASSERT_TRUE(one.call());
    ASSERT_TRUE(one.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    ASSERT_TRUE(two.call());
    ASSERT_TRUE(two.write(mdt_args("two")));
    ASSERT_TRUE(wait_for_messages(2));
    EXPECT_EQ(recorder_.messages()[0].peer.address.to_string(), "192.0.2.1");
    EXPECT_EQ(recorder_.messages()[0].peer.port, 56324);
    EXPECT_EQ(recorder_.messages()[1].peer.address.to_string(), "192.0.2.2");
    MdtClient again(first.port());
    again.call();
    EXPECT_TRUE(wait_for_refused(RefusalReason::connections_per_source_max));
}

TEST_F(MdtGrpcTest, ASilentSessionEndsAfterIdleTimeout) {
    open({.limits = {.idle_timeout_ns = ns_per_s}});
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(wait_for_messages(1));
    EXPECT_FALSE(device.finish().ok());
    EXPECT_EQ(recorder_.refused(RefusalReason::idle_timeout), 1U);
    EXPECT_TRUE(wait_for_connections(0));
}

class MdtTlsTest : public MdtFixture {
  protected:
    static void SetUpTestSuite() { certificates_ = std::make_unique<TestCertificates>(); }

    static void TearDownTestSuite() { certificates_.reset(); }

    void open_tls(bool mutual, MdtListener::Options options = {}) {
        options.grpc.tls =
            TlsServerFiles{.certificate = certificates_->certificate("server"),
                           .key = certificates_->key("server"),
                           .client_ca = mutual ? certificates_->certificate("ca") : ""};
        open(std::move(options));
    }

    static std::string contents(const std::string& path) {
        std::ifstream file(path);
        std::stringstream text;
        text << file.rdbuf();
        return text.str();
    }

    // "": a client without a certificate.
    static std::shared_ptr<grpc::ChannelCredentials> credentials(const std::string& client) {
        grpc::SslCredentialsOptions options;
        options.pem_root_certs = contents(certificates_->certificate("ca"));
        if (!client.empty()) {
            options.pem_private_key = contents(certificates_->key(client));
            options.pem_cert_chain = contents(certificates_->certificate(client));
        }
        return grpc::SslCredentials(options);
    }

    bool sends(const std::string& client) {
        const std::size_t before = recorder_.count();
        MdtClient device(port_, {}, credentials(client));
        if (!device.call() || !device.write(mdt_args("over TLS"))) {
            return false;
        }
        return wait_until([&] { return recorder_.count() > before; }, 3);
    }

    static inline std::unique_ptr<TestCertificates> certificates_;
};

TEST_F(MdtTlsTest, TlsAndClearShareThePort) {
    open_tls(false);
    EXPECT_TRUE(sends(""));
    MdtClient clear(port_);
    ASSERT_TRUE(clear.call());
    ASSERT_TRUE(clear.write(mdt_args("in clear")));
    EXPECT_TRUE(wait_for_messages(2));
    Socket framed = connect();
    send(framed, mdt_tcp_frame("framed"));
    EXPECT_TRUE(wait_for_messages(3));
    EXPECT_EQ(recorder_.messages()[0].certificate_subject, "");
}

TEST_F(MdtTlsTest, MutualTlsTakesItsOwnAndSaysWho) {
    open_tls(true);
    ASSERT_TRUE(sends("client"));
    EXPECT_NE(recorder_.messages()[0].certificate_subject.find("CN=switch-7"), std::string::npos)
        << recorder_.messages()[0].certificate_subject;
    EXPECT_FALSE(sends(""));
    EXPECT_FALSE(sends("stranger"));
    EXPECT_TRUE(wait_for_refused(RefusalReason::tls_handshake, 2));
    EXPECT_EQ(recorder_.count(), 1U);
}

TEST_F(MdtTlsTest, TlsOnlyRefusesWhatIsInClear) {
    open_tls(false, {.tls_only = true});
    EXPECT_TRUE(sends(""));
    MdtClient clear(port_);
    EXPECT_FALSE(clear.call() && clear.write(mdt_args("x")) &&
                 wait_until([&] { return recorder_.count() > 1; }, 1));
    Socket framed = connect();
    send(framed, mdt_tcp_frame("framed"));
    EXPECT_TRUE(is_closed(framed));
    EXPECT_TRUE(wait_for_refused(RefusalReason::unknown_protocol, 2));
    EXPECT_EQ(recorder_.count(), 1U);
}

TEST_F(MdtTlsTest, ATlsHandshakeThatStallsIsEnded) {
    open_tls(false, {.limits = {.handshake_timeout_ns = ns_per_s}});
    Socket stalled = connect();
    send(stalled, "\x16\x03\x01"s);
    EXPECT_TRUE(is_closed(stalled));
    EXPECT_TRUE(wait_for_refused(RefusalReason::tls_handshake));
    EXPECT_TRUE(wait_for_connections(0));
}

// The serial number of the certificate that the listener shows.
std::string shown_serial(MdtFixture::Socket socket) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_client_method()), &SSL_CTX_free);
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), &SSL_free);
    const std::string alpn = "\x02h2";
    SSL_set_alpn_protos(ssl.get(), reinterpret_cast<const unsigned char*>(alpn.data()), 3);
    SSL_set_fd(ssl.get(), socket.native_handle());
    if (SSL_connect(ssl.get()) != 1) {
        return "no handshake";
    }
    const std::unique_ptr<X509, decltype(&X509_free)> shown(SSL_get1_peer_certificate(ssl.get()),
                                                            &X509_free);
    const ASN1_INTEGER* serial = X509_get0_serialNumber(shown.get());
    return {reinterpret_cast<const char*>(ASN1_STRING_get0_data(serial)),
            static_cast<std::size_t>(ASN1_STRING_length(serial))};
}

TEST_F(MdtTlsTest, ARenewedCertificateIsTaken) {
    open_tls(false);
    ASSERT_TRUE(sends(""));
    const std::string before = shown_serial(connect());
    ASSERT_EQ(shown_serial(connect()), before);
    certificates_->renew_server();
    EXPECT_TRUE(wait_until([&] { return shown_serial(connect()) != before; }));
    EXPECT_TRUE(sends(""));
}

}  // namespace
}  // namespace weir
