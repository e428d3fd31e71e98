// One port for everything that dials out telemetry: what each kind of device sends arrives.
#include "tests/receivers/mdt_fixture.h"

namespace weir {
namespace {

using namespace std::string_literals;

class MdtListenerTest : public MdtFixture {};

TEST_F(MdtListenerTest, TakesGrpcInClear) {
    open();
    MdtClient device(port_);
    ASSERT_TRUE(device.call());
    ASSERT_TRUE(device.write(mdt_args("one")));
    ASSERT_TRUE(device.write(mdt_args("two")));
    ASSERT_TRUE(wait_for_messages(2));
    const std::vector<RecordedTelemetry> messages = recorder_.messages();
    EXPECT_EQ(recorder_.texts(), (std::vector{"one"s, "two"s}));
    EXPECT_EQ(messages[0].peer.address.to_string(), "127.0.0.1");
    EXPECT_EQ(messages[0].body, MdtBody::any);
    EXPECT_NE(messages[0].session, 0U);
    EXPECT_EQ(messages[0].session, messages[1].session);
    EXPECT_EQ(recorder_.open_sessions(), 1U);
    ASSERT_TRUE(device.writes_done());
    EXPECT_TRUE(device.finish().ok());
    EXPECT_TRUE(wait_until([&] { return recorder_.open_sessions() == 0; }));
}

TEST_F(MdtListenerTest, TakesTcpFraming) {
    open();
    Socket device = connect();
    send(device, mdt_tcp_frame("one") + mdt_tcp_frame("{}", 2) + mdt_tcp_frame("", 1, 2));
    ASSERT_TRUE(wait_for_messages(2));
    const std::vector<RecordedTelemetry> messages = recorder_.messages();
    EXPECT_EQ(recorder_.texts(), (std::vector{"one"s, "{}"s}));
    EXPECT_EQ(messages[0].body, MdtBody::gpb);
    EXPECT_EQ(messages[1].body, MdtBody::json);
    device.close();
    EXPECT_TRUE(wait_for_connections(0));
}

TEST_F(MdtListenerTest, ThePlacesComeBackWithTheConnection) {
    open();
    {
        MdtClient device(port_);
        ASSERT_TRUE(device.call());
        ASSERT_TRUE(device.write(mdt_args("one")));
        ASSERT_TRUE(wait_for_messages(1));
        EXPECT_EQ(shared_.connections.open(), 1U);
    }
    EXPECT_TRUE(wait_for_connections(0));
}

}  // namespace
}  // namespace weir
