// Every line of the corpus through `weir parse --ndjson`: each expected field and extra must come
// out. Lines whose published expectation cannot be derived from the line are listed with the
// reason.
#include "app/parse_command.h"
#include "app/record_json.h"

#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace weir {
namespace {

using simdjson::dom::element;

struct Exception {
    std::string_view raw_part;  // identifies the line
    std::string_view key;       // field or extra whose value is not checked
    std::string_view reason;
};

const std::vector<Exception> exceptions = {
    {"DAZIVUBAZE time=2332114977", "vendor_timestamp",
     "the epoch in the published line was replaced; the expectation is the original's"},
    {"<134>1 1650972789.426960608", "timestamp",
     "the epoch was replaced: it is 11:33:09, the expectation says 11:27:55"},
    {"<134>1 1647479055.795119971", "timestamp",
     "the epoch was replaced: it is 01:04:15, the expectation says 01:34:05"},
    {"AG4R79,49i7945826m9", "model", "replaced in the line, not in the expectation"},
    {"AG4R79,49i7945826m9", "mac", "replaced in the line, not in the expectation"},
    {"AG4R79,49i7945826m9", "firmware", "replaced in the line, not in the expectation"},
};

bool is_excepted(std::string_view raw, std::string_view key) {
    for (const Exception& exception : exceptions) {
        if (key == exception.key && raw.find(exception.raw_part) != std::string_view::npos) {
            return true;
        }
    }
    return false;
}

std::vector<std::string> corpus_lines() {
    std::ifstream file(WEIR_SOURCE_DIR "/tests/data/syslog.ndjson");
    std::vector<std::string> lines;
    std::string line;
    while (std::getline(file, line)) {
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> parsed_lines(const std::vector<std::string>& corpus) {
    std::stringstream in;
    for (const std::string& line : corpus) {
        in << line << '\n';
    }
    std::stringstream out;
    std::stringstream errors;
    EXPECT_EQ(run_parse_command({.ndjson = true}, in, out, errors), 0) << errors.str();
    std::vector<std::string> lines;
    std::string line;
    while (std::getline(out, line)) {
        lines.push_back(line);
    }
    return lines;
}

// Equal, or an object whose expected members are all there.
bool contains(const element& actual, const element& expected) {
    if (!expected.is_object()) {
        return simdjson::minify(actual) == simdjson::minify(expected);
    }
    if (!actual.is_object()) {
        return false;
    }
    const simdjson::dom::object members = expected.get_object();
    for (const auto& [key, value] : members) {
        element member;
        if (actual[key].get(member) != simdjson::SUCCESS || !contains(member, value)) {
            return false;
        }
    }
    return true;
}

TEST(SyslogCorpus, EveryLineGivesItsFieldsAndExtras) {
    const std::vector<std::string> corpus = corpus_lines();
    const std::vector<std::string> parsed = parsed_lines(corpus);
    ASSERT_GE(corpus.size(), 138U);
    ASSERT_EQ(parsed.size(), corpus.size());
    simdjson::dom::parser corpus_parser;
    simdjson::dom::parser record_parser;
    for (std::size_t i = 0; i < corpus.size(); ++i) {
        const element line = corpus_parser.parse(corpus[i]);
        const element record = record_parser.parse(parsed[i]);
        const std::string_view raw = line["raw"];
        const simdjson::dom::object expected = line["expect"];
        for (const auto& [key, value] : expected) {
            EXPECT_TRUE(is_excepted(raw, key) || contains(record[key], value))
                << key << " of line " << i + 1 << ": " << raw << "\n  expected "
                << simdjson::minify(value) << "\n  got " << simdjson::minify(record[key]);
        }
        simdjson::dom::object extras;
        if (line["extra"].get(extras) != simdjson::SUCCESS) {
            continue;
        }
        for (const auto& [key, value] : extras) {
            element found;
            const bool present = record["extra"][key].get(found) == simdjson::SUCCESS;
            EXPECT_TRUE(present) << key << " missing in line " << i + 1 << ": " << raw;
            EXPECT_TRUE(!present || is_excepted(raw, key) || contains(found, value))
                << key << " of line " << i + 1 << ": " << raw << "\n  expected "
                << simdjson::minify(value) << "\n  got " << simdjson::minify(record["extra"]);
        }
    }
}

TEST(SyslogCorpus, ExceptionsStillNameLines) {
    const std::vector<std::string> corpus = corpus_lines();
    for (const Exception& exception : exceptions) {
        bool found = false;
        for (const std::string& line : corpus) {
            found = found || line.find(exception.raw_part) != std::string::npos;
        }
        EXPECT_TRUE(found) << exception.raw_part;
    }
}

}  // namespace
}  // namespace weir
