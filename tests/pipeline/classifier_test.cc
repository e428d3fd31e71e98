#include "pipeline/classifier.h"

#include <gtest/gtest.h>

#include <random>

namespace weir {
namespace {

using Source = ClassifierInput::Source;

// One class a prefix; the class's line is its place, counted from 1.
ClassifierInput input_of(const std::vector<std::string>& prefixes) {
    ClassifierInput input;
    for (const std::string& text : prefixes) {
        input.sources.push_back(
            {Prefix::parse(text).value(), static_cast<std::uint32_t>(input.classes.size())});
        input.classes.push_back({.line = static_cast<int>(input.sources.size())});
    }
    return input;
}

std::shared_ptr<const Classifier> classifier_of(ClassifierInput input) {
    auto built = Classifier::build(std::move(input));
    EXPECT_TRUE(built) << (built ? "" : built.error().message);
    return *built;
}

// The line of the class of an address; 0 for none.
int line_of(const Classifier& classifier, const char* address) {
    const Classification* found = classifier.classify(IpAddress::parse(address).value());
    return found == nullptr ? 0 : found->line;
}

TEST(Classifier, EmptyKnowsNobody) {
    const auto classifier = classifier_of({});
    EXPECT_EQ(line_of(*classifier, "10.0.0.1"), 0);
    EXPECT_EQ(line_of(*classifier, "2001:db8::1"), 0);
    EXPECT_EQ(line_of(*classifier, "::"), 0);
    EXPECT_EQ(line_of(*classifier, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 0);
    EXPECT_EQ(classifier->classify_hostname("switch"), nullptr);
}

TEST(Classifier, TheLongestPrefixWins) {
    const auto classifier =
        classifier_of(input_of({"10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.1.2.3",
                                "2001:db8::/32", "2001:db8:1::/48", "2001:db8:1::7", "0.0.0.0/0"}));

    struct Case {
        const char* address;
        int line;
    };

    for (const Case& c : {Case{"10.0.0.0", 1},
                          Case{"10.255.255.255", 1},
                          Case{"10.1.0.0", 2},
                          Case{"10.1.255.255", 2},
                          Case{"10.1.2.2", 3},
                          Case{"10.1.2.3", 4},
                          Case{"10.1.2.4", 3},
                          Case{"10.1.3.0", 2},
                          Case{"10.2.0.0", 1},
                          Case{"11.0.0.0", 8},
                          Case{"255.255.255.255", 8},
                          Case{"0.0.0.0", 8},
                          Case{"2001:db8::", 5},
                          Case{"2001:db8:1::", 6},
                          Case{"2001:db8:1::7", 7},
                          Case{"2001:db8:1::8", 6},
                          Case{"2001:db8:1:0:1::", 6},
                          Case{"2001:db8:1:ffff:ffff:ffff:ffff:ffff", 6},
                          Case{"2001:db8:2::", 5},
                          Case{"2001:db9::", 0},
                          Case{"::", 0},
                          Case{"::1:0:0:0", 0},
                          Case{"::fffe:ffff:ffff", 0}}) {
        EXPECT_EQ(line_of(*classifier, c.address), c.line) << c.address;
    }
}

TEST(Classifier, TheWholeOfIpv6HoldsIpv4) {
    const auto classifier = classifier_of(input_of({"::/0", "ffff::/16", "192.0.2.0/24"}));
    EXPECT_EQ(line_of(*classifier, "192.0.2.1"), 3);
    EXPECT_EQ(line_of(*classifier, "192.0.3.1"), 1);
    EXPECT_EQ(line_of(*classifier, "::1:0:0:0"), 1);
    EXPECT_EQ(line_of(*classifier, "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 2);
    EXPECT_EQ(line_of(*classifier, "fffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), 1);

    // The first prefix of IPv4 must not leak into the IPv6 addresses that follow IPv4.
    for (const char* later : {"ffff::/16", "0.0.0.0/9"}) {
        const auto first = classifier_of(input_of({"::/0", "0.0.0.0/8", later}));
        EXPECT_EQ(line_of(*first, "::1:0:0:0"), 1) << later;
        EXPECT_EQ(line_of(*first, "0.255.0.0"), 2) << later;
    }
}

TEST(Classifier, TheSamePrefixTwiceNamesBothLines) {
    ClassifierInput input = input_of({"10.0.0.0/8", "10.1.0.0/16", "10.0.0.0/8"});
    input.classes[0].line = 40;
    input.classes[2].line = 12;
    const auto built = Classifier::build(std::move(input));
    ASSERT_FALSE(built);
    EXPECT_EQ(built.error().message, "10.0.0.0/8 is classified twice, in lines 12 and 40");
}

TEST(Classifier, HostnameRulesGoInOrderAndMatchTheWholeName) {
    ClassifierInput input;
    for (const char* match : {"sw-[a-z]+-\\d+", "sw-.*", "core|edge"}) {
        input.hostnames.push_back({match, static_cast<std::uint32_t>(input.classes.size())});
        input.classes.push_back({.line = static_cast<int>(input.hostnames.size())});
    }
    const auto classifier = classifier_of(std::move(input));
    const auto line = [&](std::string_view name) {
        const Classification* found = classifier->classify_hostname(name);
        return found == nullptr ? 0 : found->line;
    };
    EXPECT_EQ(line("sw-ber-12"), 1);
    EXPECT_EQ(line("SW-BER-12"), 1);
    EXPECT_EQ(line("sw-ber-12.example"), 2);
    EXPECT_EQ(line("edge"), 3);
    EXPECT_EQ(line("edge1"), 0);
    EXPECT_EQ(line(""), 0);
    EXPECT_EQ(line("sw-" + std::string(252, 'x')), 2);
    EXPECT_EQ(line("sw-" + std::string(253, 'x')), 0);
}

TEST(Classifier, ABrokenHostnameRuleNamesItsLine) {
    ClassifierInput input;
    input.classes.push_back({.line = 77});
    input.hostnames.push_back({"sw-(", 0});
    const auto built = Classifier::build(std::move(input));
    ASSERT_FALSE(built);
    EXPECT_NE(built.error().message.find("line 77"), std::string::npos) << built.error().message;
}

TEST(Classifier, TooManyEntriesAreRefused) {
    ClassifierInput input;
    input.classes.emplace_back();
    input.hostnames.resize(classifier_hostnames_max + 1, {"x", 0});
    EXPECT_FALSE(Classifier::build(std::move(input)));
}

// Against the definition: the longest of all prefixes that contain the address.
TEST(Classifier, AgreesWithALinearScan) {
    std::mt19937_64 random(20261121);
    std::vector<Prefix> prefixes;
    ClassifierInput input;
    for (int i = 0; i < 3000; ++i) {
        // Few distinct bytes, so that prefixes nest and meet.
        const bool v4 = random() % 2 == 0;
        IpAddress address;
        for (auto& byte : address.bytes) {
            byte = std::array<std::uint8_t, 4>{0, 1, 0x7f, 0xff}[random() % 4];
        }
        if (v4) {
            address = IpAddress::from_v4(address.bytes.data());
        }
        const int length = static_cast<int>(v4 ? 96 + random() % 33 : random() % 129);
        for (int bit = length; bit < 128; ++bit) {
            auto& byte = address.bytes[static_cast<std::size_t>(bit / 8)];
            byte = static_cast<std::uint8_t>(byte & ~(0x80 >> bit % 8));
        }
        const Prefix prefix{address, length};
        if (std::find(prefixes.begin(), prefixes.end(), prefix) == prefixes.end()) {
            input.sources.push_back({prefix, static_cast<std::uint32_t>(prefixes.size())});
            prefixes.push_back(prefix);
            input.classes.emplace_back();
        }
    }
    const auto classifier = classifier_of(std::move(input));
    for (std::size_t i = 0; i < prefixes.size() * 4; ++i) {
        IpAddress address = prefixes[i % prefixes.size()].address;
        address.bytes[random() % 16] ^= static_cast<std::uint8_t>(random() % 4 == 0 ? 0 : random());
        const Prefix* best = nullptr;
        for (const Prefix& prefix : prefixes) {
            if (prefix.contains(address) && (best == nullptr || prefix.length > best->length)) {
                best = &prefix;
            }
        }
        const Classification* found = classifier->classify(address);
        ASSERT_EQ(found == nullptr, best == nullptr) << address.to_string();
        if (best != nullptr) {
            ASSERT_EQ(prefixes[found->id], *best) << address.to_string();
        }
    }
}

TEST(Classifier, ManyPrefixesFitInStatedMemory) {
    ClassifierInput input;
    input.classes.emplace_back();
    for (std::uint32_t i = 0; i < 100'000; ++i) {
        const std::array<std::uint8_t, 4> four{10, static_cast<std::uint8_t>(i >> 15),
                                               static_cast<std::uint8_t>(i >> 7),
                                               static_cast<std::uint8_t>(i << 1)};
        input.sources.push_back({{IpAddress::from_v4(four.data()), 128}, 0});
    }
    const auto classifier = classifier_of(std::move(input));
    EXPECT_LT(classifier->memory_bytes(), 100'000U * 2 * 8 + 4096);
    EXPECT_NE(classifier->classify(IpAddress::parse("10.0.0.2").value()), nullptr);
    EXPECT_EQ(classifier->classify(IpAddress::parse("10.0.0.3").value()), nullptr);
}

}  // namespace
}  // namespace weir
