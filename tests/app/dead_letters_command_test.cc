#include "app/dead_letters_command.h"

#include "sinks/dead_letter_table.h"
#include "tests/sinks/fake_server.h"
#include "tests/support/event_recorder.h"
#include "tests/support/temp_dir.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <utility>
#include <vector>

namespace weir::test {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

struct DeadLettersCommand : testing::Test {
    DeadLettersCommand() {
        for (int i = 0; i < 6; ++i) {
            add("near", "line " + std::to_string(i));
        }
    }

    void add(const std::string& endpoint, const std::string& line) {
        const LokiEntry entry{clock.now(), line, {{"k", "v"}}};
        const std::string labels = R"({device="sw1"})";
        DeadLetterTable table({.path = path}, clock, events);
        ASSERT_EQ(table.write({{{endpoint, "edge", Reason::label_value_too_long, "400 too long",
                                 labels, entry, clock.now()}}}),
                  1U);
    }

    // A configuration with one Loki there and one that nobody listens for.
    [[nodiscard]] DeadLettersPlace configured(const std::string& url) const {
        const std::string file = dir.file("weir.yaml");
        write_file(file,
                   "listeners: [{name: in, protocol: syslog, transport: udp, address: "
                   "\"127.0.0.1:5514\"}]\nloki:\n- {name: near, url: \"" +
                       url +
                       "\", backoff_min: 10ms, backoff_max: 20ms}\n"
                       "- {name: far, url: \"http://127.0.0.1:1/\"}\n"
                       "dead_letters: {path: \"" +
                       path + "\"}\n");
        return {.config_file = file};
    }

    [[nodiscard]] std::string list(LetterSelection selection = {}, bool json = false) {
        std::ostringstream text;
        EXPECT_EQ(run_dead_letters_list(
                      {.place = {.file = path}, .selection = std::move(selection), .json = json},
                      text, messages),
                  0);
        return text.str();
    }

    int replay(const DeadLettersPlace& place, LetterSelection selection = {},
               std::chrono::milliseconds timeout = std::chrono::seconds(30)) {
        return run_dead_letters_replay(
            {.place = place, .selection = std::move(selection), .timeout = timeout}, out, messages);
    }

    TempDir dir;
    std::string path = dir.file("letters.db");
    SystemClock clock;
    EventRecorder events;
    std::ostringstream out;
    std::ostringstream messages;
};

LokiPush push_of(const FakeRequest& request) {
    return decode_loki_push(request.body).value_or(LokiPush{});
}

bool holds(const FakeRequest& request, std::string_view line) {
    for (const LokiStream& stream : push_of(request).streams) {
        for (const LokiEntry& entry : stream.entries) {
            if (entry.line == line) {
                return true;
            }
        }
    }
    return false;
}

TEST_F(DeadLettersCommand, ListShowsEachLetterAndHowManyThereAre) {
    add("far", "bad \x1b[31m text " + std::string(200, 'x'));
    const std::string text = list();
    EXPECT_THAT(text, HasSubstr("sw1                   line 0\n"));
    EXPECT_THAT(text, AllOf(HasSubstr("bad \\x1b[31m text xxx"), HasSubstr("x...\n")));
    EXPECT_THAT(text, HasSubstr("far: 1 label_value_too_long\nnear: 6 label_value_too_long\n7 "));
    EXPECT_THAT(list({.endpoint = "far"}), AllOf(Not(HasSubstr("near")), HasSubstr("\n1 letters")));
    EXPECT_THAT(list({.reason = "too_large"}), StartsWith("0 letters"));
    std::ostringstream limited;
    EXPECT_EQ(run_dead_letters_list({.place = {.file = path}, .letters_max = 2}, limited, messages),
              0);
    EXPECT_THAT(limited.str(), AllOf(HasSubstr("line 1\n...\n"), Not(HasSubstr("line 2"))));
}

TEST_F(DeadLettersCommand, JsonIsOneObjectALine) {
    const std::string text = list({.ids = {2}}, true);
    EXPECT_THAT(text, StartsWith(R"({"id":2,"at":")"));
    EXPECT_THAT(text, HasSubstr(R"("endpoint":"near","tenant":"edge","reason":)"
                                R"("label_value_too_long","answer":"400 too long","timestamp":)"));
    EXPECT_THAT(text, HasSubstr("\"labels\":{\"device\":\"sw1\"},\"metadata\":{\"k\":\"v\"},"
                                "\"line\":\"line 1\"}\n"));
}

TEST_F(DeadLettersCommand, ShowSaysAllThereIsAndNamesWhatIsNot) {
    EXPECT_EQ(run_dead_letters_show({.file = path}, {.ids = {3, 99}}, out, messages), 1);
    EXPECT_THAT(out.str(), HasSubstr("answer     400 too long\n"));
    EXPECT_THAT(out.str(), HasSubstr("metadata   k = v\nline       line 2\n"));
    EXPECT_EQ(messages.str(), "weir: there is no letter 99\n");
}

TEST_F(DeadLettersCommand, PurgeWantsToKnowWhich) {
    EXPECT_EQ(run_dead_letters_purge({.place = {.file = path}}, out, messages), 2);
    EXPECT_EQ(run_dead_letters_purge(
                  {.place = {.file = path}, .selection = {.endpoint = "near"}, .all = true}, out,
                  messages),
              2);
    EXPECT_EQ(out.str(), "");
    EXPECT_EQ(run_dead_letters_purge({.place = {.file = path}, .selection = {.ids = {1, 4}}}, out,
                                     messages),
              0);
    EXPECT_EQ(run_dead_letters_purge({.place = {.file = path}, .selection = {.before = {1}}}, out,
                                     messages),
              0);
    EXPECT_EQ(run_dead_letters_purge({.place = {.file = path}, .all = true}, out, messages), 0);
    EXPECT_EQ(out.str(), "2 letters removed\n0 letters removed\n4 letters removed\n");
    EXPECT_THAT(list(), StartsWith("0 letters"));
}

TEST_F(DeadLettersCommand, AFileThatIsNotThereIsAnErrorOnlyWhereItWasNamed) {
    path = dir.file("other.db");
    const DeadLettersPlace place = configured("http://127.0.0.1:1/");
    EXPECT_EQ(run_dead_letters_list({.place = place}, out, messages), 0);
    EXPECT_EQ(messages.str(), "");
    EXPECT_EQ(run_dead_letters_list({.place = {.file = path}}, out, messages), 1);
    EXPECT_THAT(messages.str(), HasSubstr("other.db: there is no such file"));
    EXPECT_EQ(run_dead_letters_list({}, out, messages), 2);
    write_file(path,
               "no database at all, but longer than one page's header " + std::string(200, 'x'));
    EXPECT_EQ(run_dead_letters_list({.place = {.file = path}}, out, messages), 1);
    EXPECT_THAT(read_file(path), StartsWith("no database"));  // looking changes nothing
}

TEST_F(DeadLettersCommand, ReplayRemovesWhatWasTaken) {
    FakeServer server(FakeServer::in_turn({}));
    EXPECT_EQ(replay(configured(server.url()), {.ids = {1, 2, 3}}), 0) << messages.str();
    EXPECT_THAT(out.str(), StartsWith("near: 3 delivered, 0 refused again, 0 not tried"));
    ASSERT_EQ(server.request_count(), 1U);
    const FakeRequest request = server.requests().at(0);
    EXPECT_EQ(request.headers.at("x-scope-orgid"), "edge");
    ASSERT_EQ(push_of(request).records(), 3U);
    EXPECT_EQ(push_of(request).streams[0].entries[2].line, "line 2");
    EXPECT_EQ(push_of(request).streams[0].entries[2].metadata.at(0).value, "v");
    EXPECT_THAT(list(), HasSubstr("near: 3 label_value_too_long"));
}

TEST_F(DeadLettersCommand, ReplayKeepsWhatIsRefusedAgainWithTheNewWords) {
    // Refuses every request with line 4 in it for a reason that names nothing: it ends as it is.
    FakeServer server([](const FakeRequest& request, std::size_t) {
        return holds(request, "line 4") ? FakeAnswer{400, "the moon is in the wrong phase"}
                                        : FakeAnswer{};
    });
    add("near", "line 6");
    EXPECT_EQ(replay(configured(server.url())), 1);
    // A refusal that names nobody is for all of the request.
    EXPECT_THAT(out.str(), StartsWith("near: 0 delivered, 7 refused again (rejected_unknown=7)"));
    EXPECT_THAT(list({}, true), HasSubstr("400 the moon is in the wrong phase"));
    EXPECT_EQ(replay(configured(server.url()), {.ids = {1, 2, 3, 4, 6, 7}}), 0);
    EXPECT_THAT(list(), HasSubstr("near: 1 rejected_unknown\n1 letters"));
}

TEST_F(DeadLettersCommand, ReplayFindsTheOneThatIsRefusedInAnotherForm) {
    // Line 4 is cut before it is refused for good, so that it does not come back as it was sent.
    const std::string long_line = "long " + std::string(3000, 'x');
    add("near", long_line);
    FakeServer server([](const FakeRequest& request, std::size_t) {
        for (const LokiStream& stream : push_of(request).streams) {
            for (const LokiEntry& entry : stream.entries) {
                if (entry.line.starts_with("long")) {
                    return FakeAnswer{413, "request entity too large"};
                }
            }
        }
        return FakeAnswer{};
    });
    EXPECT_EQ(replay(configured(server.url())), 1);
    EXPECT_THAT(out.str(), StartsWith("near: 6 delivered, 1 refused again (too_large=1), 0 not"));
    EXPECT_THAT(list({}, true), HasSubstr(long_line));
    EXPECT_THAT(list(), HasSubstr("near: 1 too_large\n1 letters"));
}

TEST_F(DeadLettersCommand, LettersThatCannotBeTriedStayAndSoDoThoseOfAnUnknownEndpoint) {
    add("gone", "a line for nobody");
    add("far", "a line for far");
    FakeServer server(FakeServer::in_turn({}));
    const DeadLettersPlace place = configured(server.url());
    EXPECT_EQ(replay(place, {}, std::chrono::milliseconds(1500)), 1);
    EXPECT_THAT(out.str(), HasSubstr("gone: 1 letters stay; " + place.config_file + " has no"));
    EXPECT_THAT(out.str(), HasSubstr("far: 0 delivered, 0 refused again, 1 not tried or not "
                                     "answered; retry (refused)"));
    EXPECT_THAT(out.str(), HasSubstr("near: 6 delivered"));
    EXPECT_THAT(list(), HasSubstr("\n2 letters"));
    EXPECT_EQ(replay({.file = path}), 2);
}

TEST_F(DeadLettersCommand, ManyLettersGoInGroups) {
    for (int i = 0; i < 3; ++i) {
        std::vector<LokiEntry> entries;
        for (int j = 0; j < 1500; ++j) {
            entries.push_back({{clock.now().unix_ns + j}, "many " + std::to_string(j), {}});
        }
        std::vector<DeadLetter> letters;
        letters.reserve(entries.size());
        for (const LokiEntry& entry : entries) {
            letters.push_back(
                {"near", "", Reason::too_large, "413", R"({job="a"})", entry, clock.now()});
        }
        DeadLetterTable table({.path = path}, clock, events);
        ASSERT_EQ(table.write(letters), 1500U);
    }
    FakeServer server(FakeServer::in_turn({}));
    EXPECT_EQ(replay(configured(server.url())), 0) << out.str() << messages.str();
    EXPECT_THAT(out.str(), StartsWith("near: 4506 delivered"));
    EXPECT_GE(server.request_count(), 5U);
    EXPECT_THAT(list(), StartsWith("0 letters"));
}

}  // namespace
}  // namespace weir::test
