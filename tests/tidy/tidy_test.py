"""Proves of every house rule that it can fail, and that ordinary code passes it."""

import sys
import unittest
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import tidy  # noqa: E402
from rules_code import function_lengths  # noqa: E402
from tree import Tree, code_only  # noqa: E402

LONG_BODY = "    step();\n" * 71

# (rule that must fire, path, text)
BAD = [
    ("include-direction", "parsers/a.cc", '#include "pipeline/batch.h"\n'),
    ("include-direction", "sinks/a.cc", '#include "receivers/udp.h"\n'),
    ("include-direction", "receivers/a.cc", '#include "sinks/loki.h"\n'),
    ("include-direction", "core/a.h", '#include "parsers/utf8.h"\n'),
    ("include-direction", "core/a.h", "#include <boost/asio.hpp>\n"),
    ("include-direction", "parsers/a.cc", "#include <sys/socket.h>\n"),
    ("include-direction", "app/a.cc", '#include "config.h"\n'),
    ("include-direction", "app/a.cc", "#include <curl/curl.h>\n"),
    ("banned-token", "core/a.cc", "std::regex r;\n"),
    ("banned-token", "tests/core/a.cc", "sprintf(buffer, x);\n"),
    ("banned-token", "core/a.cc", "int n = atoi(s);\n"),
    ("banned-token", "core/a.cc", "auto* p = strtok(s, t);\n"),
    ("banned-token", "core/a.cc", "auto* p = new Thing(1);\n"),
    ("banned-token", "core/a.cc", "void f() {\n    delete p;\n}\n"),
    ("banned-token", "core/a.cc", "for (auto x : std::views::all(y)) {}\n"),
    ("banned-token", "core/a.cc", "std::string s = std::format(x);\n"),
    ("banned-token", "core/a.cc", "std::expected<int, int> e;\n"),
    ("banned-token", "core/a.cc", "std::source_location here;\n"),
    ("banned-token", "sinks/a.cc", "std::this_thread::sleep_for(1s);\n"),
    ("banned-token", "sinks/a.cc", "auto t = std::chrono::system_clock::now();\n"),
    ("banned-token", "sinks/a.cc", 'std::cerr << "x";\n'),
    ("banned-token", "pipeline/a.cc", 'auto* v = getenv("X");\n'),
    ("await-trap", "sinks/a.cc", "co_await run([&x] { return x; });\n"),
    ("await-trap", "sinks/a.cc", "auto r = co_await with([this](int) { f(); }, token);\n"),
    ("await-trap", "sinks/a.cc", "auto r = ready ? co_await a() : b();\n"),
    ("size-limit", "core/a.h", "int x;\n" * 201),
    ("size-limit", "core/a.cc", "int x;\n" * 501),
    ("size-limit", "core/a.cc", "// " + "x" * 98 + "\n"),
    ("size-limit", "core/a.cc", "int f(int x) {\n" + LONG_BODY + "}\n"),
    ("size-limit", "core/a.cc", "struct A {\n    A(int x) : x_{x} {\n" + LONG_BODY + "}\n};\n"),
    ("size-limit", "tests/core/a.cc", "TEST(A, b) {\n" + LONG_BODY + "}\n"),
    ("result-nodiscard", "core/a.h", "Result<int> parse(std::string_view text);\n"),
    ("result-nodiscard", "core/a.h", "struct A {\n    static Result<std::map<int, A>> f();\n}\n"),
    ("result-nodiscard", "core/a.h", "boost::asio::awaitable<Result<int>> read(int n);\n"),
    ("parser-complete", "parsers/new_dialect.cc", "int x;\n"),
    ("stray-todo", "core/a.cc", "// TO" + "DO: later\n"),
    ("stray-todo", "docs/a.md", "FIX" + "ME\n"),
    ("private-path", "docs/a.md", "see /wo" + "rk/main/README.md\n"),
    ("private-path", "deploy/a.yaml", "url: https://proxy.golang" + ".org\n"),
    ("waiver", tidy.WAIVERS, "size-limit core/none.cc  # nothing there\n"),
    ("waiver", tidy.WAIVERS, "size-limit core/none.cc\n"),
]

# (path, text) that no rule may object to.
GOOD = [
    ("parsers/a.h", '#include "core/record.h"\n#include <string_view>\n#include <simdjson.h>\n'),
    ("receivers/a.cc", '#include "pipeline/admit.h"\n#include <boost/asio.hpp>\n'),
    ("core/a.cc", '#include <arpa/inet.h>\n// std::regex\nauto s = "new Thing delete x";\n'),
    ("core/a.h", "struct A {\n    A& operator=(const A&) = delete;\n    A() = default;\n};\n"),
    ("core/a.cc", "bool renew(int news);\nint x = 1'000'000;\nint y = 2'000;\n"),
    ("core/a.cc", "snprintf_like(x);\nauto t = Clock::now();\n"),
    ("sinks/a.cc", "auto task = [&x] { return x; };\nco_await run(task);\nbool y = a ? b : c;\n"),
    ("sinks/a.cc", "auto r = co_await read(buffers[index], token);\n"),
    ("sinks/a.cc", "const auto r = co_await read(token);\nauto y = r ? 1 : 2;\n"),
    ("core/a.cc", "namespace a {\n" + "int f() {\n    return 1;\n}\n" * 60 + "}\n"),
    ("core/a.cc", "struct A {\n" + "    int x = 1;\n" * 90 + "};\n"),
    ("core/a.cc", "constexpr int table[] = {\n" + "    1,\n" * 90 + "};\n"),
    ("core/a.h", "[[nodiscard]] Result<int> f();\nusing F = std::function<Result<int>(int)>;\n"),
    ("core/a.h", "struct A {\n    Result<int> held;\n};\n"),
    ("docs/a.md", "Loki listens on /loki/api/v1/push; workshop/ and /network/x are fine.\n"),
]

PARSER = {
    "parsers/x.cc": "int x;\n",
    "parsers/x.h": "",
    "tests/parsers/x_test.cc": "",
    "fuzz/x_fuzz.cc": "",
    "fuzz/corpus/x/seed": "",
    "docs/dialects.md": "`x` is a dialect\n",
}


def rules_fired(files):
    return {finding.rule for finding in tidy.find_all(Tree(files))}


class RulesTest(unittest.TestCase):
    def test_every_rule_can_fail(self):
        for rule, path, text in BAD:
            with self.subTest(rule=rule, text=text[:60]):
                self.assertIn(rule, rules_fired({path: text}))

    def test_ordinary_code_passes(self):
        for path, text in GOOD:
            with self.subTest(path=path, text=text[:60]):
                findings = tidy.find_all(Tree({**complete(path), path: text}))
                self.assertEqual([], [str(finding) for finding in findings])

    def test_every_rule_is_tried(self):
        tried = {rule for rule, _, _ in BAD} | {
            "documented-metrics",
            "documented-enums",
            "documented-names",
        }
        names = {rule.__name__.replace("_", "-") for rule in tidy.RULES} | {"waiver"}
        self.assertEqual(names, tried)

    def test_a_waiver_silences_one_rule_in_one_file(self):
        files = {"core/a.cc": "std::regex r;\n", "core/b.cc": "std::regex r;\n"}
        files[tidy.WAIVERS] = "banned-token core/a.cc  # kept for a reason\n"
        self.assertEqual(["core/b.cc"], [finding.path for finding in tidy.find_all(Tree(files))])


class CompletenessTest(unittest.TestCase):
    def test_a_complete_parser_passes(self):
        self.assertEqual(set(), rules_fired(PARSER))

    def test_each_missing_piece_is_found(self):
        for missing in PARSER:
            if missing in ("parsers/x.cc", "docs/dialects.md"):
                continue
            files = {path: text for path, text in PARSER.items() if path != missing}
            with self.subTest(missing=missing):
                self.assertEqual({"parser-complete"}, rules_fired(files))

    def test_the_dialect_must_be_documented(self):
        self.assertEqual({"parser-complete"}, rules_fired({**PARSER, "docs/dialects.md": "y\n"}))


class DocumentsTest(unittest.TestCase):
    def both_ways(self, source, document, rule, source_text, document_text, other_text):
        files = {source: source_text, document: document_text}
        self.assertEqual(set(), rules_fired(files))
        self.assertEqual({rule}, rules_fired({**files, document: "nothing\n"}))
        self.assertEqual({rule}, rules_fired({**files, source: other_text}))
        self.assertEqual(set(), rules_fired({source: source_text}), "no document, no rule yet")

    def test_metrics(self):
        self.both_ways(
            "app/metrics.cc",
            "docs/metrics.md",
            "documented-metrics",
            'add("weir_received_total");\n',
            "`weir_received_total{listener}` counts frames\n",
            "int x;\n",
        )

    def test_events(self):
        self.both_ways(
            "core/events.h",
            "docs/events.md",
            "documented-enums",
            "enum class EventId : std::uint8_t {\n    started,  // up\n    stopped,\n};\n",
            "| `started` | do nothing |\n## `stopped`\nsee `other`\n",
            "enum class EventId { started };\n",
        )

    def test_status_fields(self):
        self.both_ways(
            "app/status_json.cc",
            "docs/status.md",
            "documented-names",
            'Json root = {{"ready", status.ready}};\nroot["streams"] = x;\n',
            "| `ready` | yes or no |\n| `streams`, `limits.*.ready` | see `below` |\n",
            'root["ready"] = x;\n',
        )

    def test_labels_come_from_several_places(self):
        document = "| `job` | x |\n| `device` | x |\n| `hostname` | x |\n| `mnemonic` | x |\n"
        files = {
            "app/build_parts.cc": 'base_labels = {{"job", "weir"}};\nother = {{"not_a_label", 1}};\n',
            "receivers/syslog_intake_streams.cc": 'labels.try_emplace("device", device);\n',
            "pipeline/record_metadata.cc": 'append_metadata_pair("hostname", name, out);\n',
            "core/record.h": "enum class ExtraKey : std::uint8_t { mnemonic };\n",
        }
        self.assertEqual(set(), rules_fired({**files, "docs/labels.md": document}))
        for path in files:
            with self.subTest(path=path):
                changed = {**files, "docs/labels.md": document, path: "int x;\n"}
                self.assertEqual({"documented-names"}, rules_fired(changed))
        more = document + "| `invented` | x |\n"
        self.assertEqual({"documented-names"}, rules_fired({**files, "docs/labels.md": more}))


class ReadingTest(unittest.TestCase):
    def test_comments_and_literals_are_blanked_in_place(self):
        text = 'a = "std::regex"; // new X\nb = R"(new\nY)"; /* delete z */ c = \'{\';\n'
        code = code_only(text)
        self.assertEqual(text.count("\n"), code.count("\n"))
        for gone in ("regex", "new", "delete", "{"):
            self.assertNotIn(gone, code)

    def test_function_lengths(self):
        code = "namespace n {\nvoid f() {\n    if (x) {\n    }\n}\nint g(int y) { return y; }\n}\n"
        self.assertEqual([(2, 4), (6, 1)], list(function_lengths(code)))


def complete(path):
    """What a parser needs beside it, so that only the text under test is judged."""
    if not path.startswith("parsers/") or not path.endswith(".cc"):
        return {}
    name = path.split("/")[1][:-3]
    return {key.replace("x", name): "" for key in PARSER if key != "docs/dialects.md"}


if __name__ == "__main__":
    unittest.main()
