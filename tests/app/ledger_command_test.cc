#include "app/ledger_command.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

namespace weir {
namespace {

struct Printed {
    int status = 0;
    std::string out;
    std::string messages;
};

Printed print(const std::string& status_json) {
    std::ostringstream out;
    std::ostringstream messages;
    Printed printed;
    printed.status = print_ledger(status_json, out, messages);
    printed.out = out.str();
    printed.messages = messages.str();
    return printed;
}

std::string status(const std::string& received, const std::string& queued) {
    return R"({"listeners": [{"name": "in", "received": )" + received +
           R"(, "accepted": 7, "merged": 0, "held": 1, "rejected": {"overload": 2}, "dropped": {},)"
           R"( "kernel_dropped": 5, "network_lost": 0}],
               "former_listeners": [{"name": "old", "received": 3, "accepted": 3, "merged": 0,
                                     "rejected": {}, "dropped": {}}],
               "endpoints": [{"name": "near", "state": "hold", "appended": 10, "delivered": 4,
                              "dropped": {"spool_full": 1}, "dead_lettered": {"line_too_long": 2},
                              "queued": )" +
           queued + "}]}";
}

TEST(LedgerCommand, PrintsEveryTermWithItsReasons) {
    const Printed printed = print(status("10", "3"));
    EXPECT_EQ(printed.status, 0) << printed.messages;
    for (const char* text :
         {"rejected overload: 2", "lost spool_full: 1", "dead letters line_too_long: 2", "hold",
          "old", "never reached weir: 5 dropped by the kernel", "balances"}) {
        EXPECT_NE(printed.out.find(text), std::string::npos) << text << " in\n" << printed.out;
    }
    EXPECT_EQ(printed.out.find("devices"), std::string::npos) << "of what there was none";
}

TEST(LedgerCommand, SaysWhatDoesNotBalance) {
    EXPECT_EQ(print(status("11", "3")).status, 3);
    EXPECT_NE(print(status("11", "3")).out.find("IMBALANCE of 1"), std::string::npos);
    EXPECT_EQ(print(status("10", "5")).status, 3);
    EXPECT_NE(print(status("10", "5")).out.find("IMBALANCE of -2"), std::string::npos);
}

TEST(LedgerCommand, SaysWhatIsNoStatus) {
    for (const char* text : {"", "<html>", "{}", "[]", R"({"listeners": 1})",
                             R"({"listeners": [{"name": 3}], "former_listeners": []})"}) {
        const Printed printed = print(text);
        EXPECT_EQ(printed.status, 1) << text;
        EXPECT_NE(printed.messages.find("not the status"), std::string::npos) << text;
    }
}

TEST(LedgerCommand, SaysWhyItCannotRead) {
    std::ostringstream out;
    std::ostringstream messages;
    EXPECT_EQ(run_ledger_command({.url = "http://127.0.0.1:1"}, out, messages), 1);
    EXPECT_EQ(run_ledger_command({.spool_directory = "/nonexistent"}, out, messages), 1);
    EXPECT_NE(messages.str().find("127.0.0.1:1"), std::string::npos) << messages.str();
    EXPECT_NE(messages.str().find("/nonexistent has no spool"), std::string::npos);
}

}  // namespace
}  // namespace weir
