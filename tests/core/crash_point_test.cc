#include "core/crash_point.h"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>

namespace weir {
namespace {

#ifdef WEIR_CRASH_POINTS

void pass(CrashPoint point, int times) {
    for (int i = 0; i < times; ++i) {
        crash_point(point);
    }
}

TEST(CrashPoint, KillsAtTheHitThatIsNamed) {
    EXPECT_EXIT(
        {
            ASSERT_TRUE(arm_crash_point("commit_after:3"));
            pass(CrashPoint::commit_before, 5);
            pass(CrashPoint::commit_after, 3);
        },
        testing::KilledBySignal(SIGKILL), "^crash point commit_after:3 at [0-9]+\\.[0-9]{9}\n$");
}

TEST(CrashPoint, DoesNothingBeforeThatHitOrElsewhereOrUnasked) {
    pass(CrashPoint::commit_after, 5);
    EXPECT_EXIT(
        {
            ASSERT_TRUE(arm_crash_point("commit_after:3"));
            pass(CrashPoint::commit_after, 2);
            pass(CrashPoint::append, 9);
            std::exit(0);
        },
        testing::ExitedWithCode(0), "");
}

TEST(CrashPoint, RefusesWhatItDoesNotKnow) {
    for (const char* wrong : {"", "commit:1", "commit_aftr:1", ":1"}) {
        const Result<void> armed = arm_crash_point(wrong);
        ASSERT_FALSE(armed) << wrong;
        EXPECT_NE(armed.error().message.find("there is no crash point"), std::string::npos);
        EXPECT_NE(armed.error().message.find("segment_unlink_after"), std::string::npos);
    }
    for (const char* wrong : {"append", "append:", "append:0", "append:x", "append:-1", "append:1x",
                              "append:99999999999999999999"}) {
        const Result<void> armed = arm_crash_point(wrong);
        ASSERT_FALSE(armed) << wrong;
        EXPECT_NE(armed.error().message.find("write it as in append:1"), std::string::npos);
    }
    crash_point(CrashPoint::append);
}

#else

TEST(CrashPoint, IsNotThere) {
    crash_point(CrashPoint::append);
}

#endif

}  // namespace
}  // namespace weir
