#include "pipeline/intake_ledger.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

IntakeLedger example() {
    return {.received = 20,
            .accepted = 9,
            .merged = 2,
            .held = 4,
            .rejected = {{"oversize", 1}, {"overload", 2}},
            .dropped = {{"rule", 2}}};
}

TEST(IntakeLedger, BalancesByTermsOfTheirOwn) {
    IntakeLedger ledger = example();
    EXPECT_TRUE(ledger.balances());
    ++ledger.received;
    EXPECT_EQ(ledger.imbalance(), 1);
    ledger.dropped["rule"] += 3;
    EXPECT_EQ(ledger.imbalance(), -2);
}

TEST(IntakeLedger, DifferencesAddUpToTheWhole) {
    IntakeLedger before = example();
    IntakeLedger now = example();
    now.received += 5;
    now.held -= 4;  // and so the difference is negative
    now.accepted += 8;
    now.rejected["source_rate"] = 1;
    const IntakeLedger difference = now.since(before);
    EXPECT_TRUE(difference.balances());
    EXPECT_EQ(difference.rejected.size(), 1U);  // the reasons that were not counted are left out
    EXPECT_TRUE(difference.dropped.empty());
    before.add(difference);
    EXPECT_EQ(before.held, 0U);
    EXPECT_TRUE(before.balances());
    EXPECT_TRUE(before.since(now).is_zero());
}

TEST(IntakeLedger, WhatWasHeldEndsWithItsProcess) {
    IntakeLedger ledger = example();
    ledger.end_held();
    EXPECT_EQ(ledger.held, 0U);
    EXPECT_EQ(ledger.dropped.at("process_ended"), 4U);
    EXPECT_TRUE(ledger.balances());
}

TEST(IntakeAccount, ItsTextGivesItBack) {
    IntakeLedger shrunk = example().since(example());
    shrunk.held -= 7;
    shrunk.accepted += 7;
    const IntakeAccount account = {{"syslog-udp", example()}, {"a name: with = signs", shrunk}};
    const IntakeAccount read = intake_account_from_text(to_text(account));
    ASSERT_EQ(read.size(), 2U);
    for (const auto& [name, ledger] : account) {
        EXPECT_TRUE(read.at(name).since(ledger).is_zero()) << name;
        EXPECT_TRUE(read.at(name).balances()) << name;
    }
}

TEST(IntakeAccount, WhatCannotBeReadIsLeftOut) {
    for (const char* text : {"", "\n", ":", "received", "received=:", "received=x :in\n", "=1 :in",
                             "other=1 :in", "received=1", "rejected=3 :in", "\n\n:in\n"}) {
        for (const auto& [name, ledger] : intake_account_from_text(text)) {
            EXPECT_EQ(ledger.received, 0U) << text;
        }
    }
}

}  // namespace
}  // namespace weir
