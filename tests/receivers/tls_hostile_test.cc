// What hostile or unlucky peers do to a TLS listener.
#include "tests/receivers/stream_fixture.h"

namespace weir {
namespace {

using namespace std::string_literals;

class TlsHostileTest : public TlsStreamFixture {
  protected:
    // The first flight of a client.
    static std::string client_hello() {
        std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
        std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
        BIO* out = BIO_new(BIO_s_mem());
        SSL_set_bio(ssl.get(), BIO_new(BIO_s_mem()), out);
        SSL_set_connect_state(ssl.get());
        SSL_do_handshake(ssl.get());
        char* bytes = nullptr;
        const long length = BIO_get_mem_data(out, &bytes);
        return {bytes, static_cast<std::size_t>(length)};
    }
};

TEST_F(TlsHostileTest, HalfAClientHelloEndsByTimeOrByTheClient) {
    open_tls({.handshake_timeout_ns = 10 * ns_per_s});
    const std::string hello = client_hello();
    ASSERT_GT(hello.size(), 100U);
    Socket gone = connect();
    send(gone, hello.substr(0, hello.size() / 2));
    gone.shutdown(Socket::shutdown_send);
    ASSERT_TRUE(run_until_refused(RefusalReason::tls_handshake, 1));
    Socket silent = connect();
    send(silent, hello.substr(0, hello.size() / 2));
    ASSERT_TRUE(run_until([this] { return shared_.handshakes.open() == 1; }));
    clock_.advance_ns(11 * ns_per_s);
    ASSERT_TRUE(run_until_refused(RefusalReason::handshake_timeout, 1));
    ASSERT_TRUE(run_until_sessions(0));
    EXPECT_EQ(shared_.handshakes.open(), 0U);
}

TEST_F(TlsHostileTest, GarbageAndResetsAreRefusedAndLeaveNothing) {
    open_tls();
    std::string noise;
    for (int i = 0; i < 20'000; ++i) {
        noise += static_cast<char>(i * 7919 >> 3);
    }
    for (const std::string& garbage :
         {noise, "\x16\x03\x01"s + noise, "\x16\x03\x03\xff\xff"s + noise, "<13>plain text\n"s,
          "GET / HTTP/1.1\r\n\r\n"s, client_hello() + noise}) {
        const std::uint64_t before = refused(RefusalReason::tls_handshake);
        Socket client = connect();
        boost::system::error_code gone;
        boost::asio::write(client, boost::asio::buffer(garbage), gone);
        client.shutdown(Socket::shutdown_send, gone);
        ASSERT_TRUE(run_until_refused(RefusalReason::tls_handshake, before + 1));
    }
    Socket reset = connect();
    send(reset, client_hello());
    reset.set_option(boost::asio::socket_base::linger(true, 0));
    reset.close();
    ASSERT_TRUE(run_until_refused(RefusalReason::tls_handshake, 7));
    ASSERT_TRUE(run_until_sessions(0));
    EXPECT_TRUE(recorder_.frames.empty());
}

TEST_F(TlsHostileTest, SilentConnectionsHoldNoPlaceForAHandshake) {
    shared_.handshakes.set_max(1);
    open_tls();
    std::vector<Socket> silent;
    for (int i = 0; i < 20; ++i) {
        silent.push_back(connect());
    }
    ASSERT_TRUE(run_until_sessions(20));
    EXPECT_EQ(shared_.handshakes.open(), 0U);
    Client client(connect());
    EXPECT_TRUE(shake_hands(client));
}

TEST_F(TlsHostileTest, HandshakesOverTheLimitWaitInLine) {
    shared_.handshakes.set_max(1);
    open_tls({.handshake_timeout_ns = 10 * ns_per_s});
    Socket holds = connect();
    send(holds, client_hello().substr(0, 50));
    ASSERT_TRUE(run_until([this] { return shared_.handshakes.open() == 1; }));
    Client first(connect());
    Client second(connect());
    first.step();
    second.step();
    ASSERT_TRUE(run_until_sessions(3));
    let_sweep();
    EXPECT_FALSE(first.step());
    EXPECT_EQ(shared_.handshakes.open(), 1U);
    holds.close();  // gives its place to the next, and that one to the last
    EXPECT_TRUE(run_until([&] {
        const bool first_done = first.step();
        const bool second_done = second.step();
        return first_done && second_done;
    }));
    EXPECT_EQ(refused(RefusalReason::handshakes_max), 0U);
}

TEST_F(TlsHostileTest, WhoWaitsInLineTooLongIsRefused) {
    shared_.handshakes.set_max(1);
    open_tls({.handshake_timeout_ns = 10 * ns_per_s});
    Socket holds = connect();
    send(holds, client_hello().substr(0, 50));
    ASSERT_TRUE(run_until([this] { return shared_.handshakes.open() == 1; }));
    Client waits(connect());
    waits.step();
    let_sweep();
    clock_.advance_ns(11 * ns_per_s);
    EXPECT_TRUE(run_until_refused(RefusalReason::handshakes_max, 1));
    EXPECT_NE(events_.details(EventId::tls_refused).find("handshakes_max of 1"), std::string::npos);
    EXPECT_TRUE(run_until_sessions(0));
}

TEST_F(TlsHostileTest, AStormOfHandshakesGetsIn) {
    shared_.handshakes.set_max(4);
    open_tls();
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < 60; ++i) {
        clients.push_back(std::make_unique<Client>(connect()));
        clients.back()->step();
    }
    ASSERT_TRUE(run_until([&clients] {
        bool all = true;
        for (const auto& client : clients) {
            all = client->step() && all;
        }
        return all;
    }));
    for (const auto& client : clients) {
        ASSERT_GT(client->write("<1>x\n"), 0U);
    }
    EXPECT_TRUE(run_until_frames(60));
    EXPECT_EQ(refused_in_all(), 0U);
}

TEST_F(TlsHostileTest, RenegotiationIsRefused) {
    open_tls();
    Client client(connect(), TLS1_2_VERSION);
    ASSERT_TRUE(shake_hands(client));
    ASSERT_GT(client.write("<1>before\n"), 0U);
    ASSERT_TRUE(run_until_frames(1));
    ASSERT_EQ(SSL_renegotiate(client.ssl()), 1);
    bool ended = false;
    run_until([&] {
        const int result = SSL_do_handshake(client.ssl());
        const int error = SSL_get_error(client.ssl(), result);
        ended = result != 1 && error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE;
        return ended || SSL_renegotiate_pending(client.ssl()) == 0;
    });
    EXPECT_TRUE(ended) << "a second handshake was agreed";
    EXPECT_EQ(recorder_.frames.size(), 1U);
}

TEST_F(TlsHostileTest, ManyMessagesInManyRecords) {
    open_tls({.message_bytes_max = 200'000});
    Client client(connect());
    ASSERT_TRUE(shake_hands(client));
    std::string stream;
    for (int i = 0; i < 3000; ++i) {
        stream += "<1>line " + std::to_string(i) + "\n";
    }
    stream += "<2>" + std::string(150'000, 'x') + "\n<3>end\n";
    std::size_t sent = 0;
    ASSERT_TRUE(run_until([&] {
        while (sent < stream.size()) {
            const std::size_t step = client.write(stream.substr(sent, 5000));
            if (step == 0) {
                break;
            }
            sent += step;
        }
        return recorder_.frames.size() >= 3002;
    }));
    EXPECT_EQ(recorder_.frames[2999].bytes, "<1>line 2999");
    EXPECT_EQ(recorder_.frames[3000].bytes.size(), 150'003U);
    EXPECT_EQ(recorder_.frames[3001].bytes, "<3>end");
}

TEST_F(TlsHostileTest, StopReadsWhatTheKernelHasAcknowledged) {
    open_tls();
    Client client(connect());
    ASSERT_TRUE(shake_hands(client));
    ASSERT_GT(client.write("<1>first\n"), 0U);
    ASSERT_TRUE(run_until_frames(1));
    std::string burst;
    for (int i = 0; i < 5000; ++i) {
        burst += "<2>line " + std::to_string(i) + "\n";
    }
    ASSERT_EQ(client.write(burst), burst.size());
    listener_->stop();  // nothing of the burst was read yet
    EXPECT_EQ(recorder_.frames.size(), 5001U);
    EXPECT_EQ(recorder_.frames.back().bytes, "<2>line 4999");
}

}  // namespace
}  // namespace weir
