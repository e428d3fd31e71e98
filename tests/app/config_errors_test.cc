// Bad configurations and exactly what is said of them.
#include "app/config_load.h"
#include "tests/app/config_support.h"

#include <gtest/gtest.h>

#include <ostream>

namespace weir {
namespace {

struct BadConfig {
    const char* name;
    const char* text;
    const char* problems;
};

void PrintTo(const BadConfig& bad, std::ostream* out) {
    *out << bad.name;
}

class ConfigErrors : public testing::TestWithParam<BadConfig> {};

TEST_P(ConfigErrors, NamesLineKeyAndWhatWasMeant) {
    const ConfigOutcome outcome = load_config(GetParam().text, "f", with_variables({{"SET", "x"}}));
    EXPECT_EQ(problems_of(outcome), GetParam().problems);
    EXPECT_FALSE(outcome.config);
}

std::string name_of(const testing::TestParamInfo<BadConfig>& info) {
    return info.param.name;
}

const BadConfig shape[] = {
    {"unknown_key", "cluster: a\nlistners: []\n",
     "f:2: listners: unknown key; did you mean \"listeners\"?\n"},
    {"unknown_key_far_from_all", "logs:\n  batch: {colour: red}\n",
     "f:2: logs.batch.colour: unknown key; the keys here are bytes_max, records_max, age_max, "
     "streams_max\n"},
    {"key_of_a_group_below",
     "listeners:\n  - {name: a, transport: tcp, address: \"[::]:1\", idle_timeout: 1m}\n",
     "f:2: listeners[0].idle_timeout: unknown key; did you mean \"limits.idle_timeout\"?\n"},
    {"duplicate_key", "cluster: a\ncluster: b\n",
     "f:2: cluster: duplicate key; the first is in line 1\n"},
    {"duplicate_label", "labels: {a: b, a: c}\n",
     "f:1: labels.a: duplicate key; the first is in line 1\n"},
    {"no_value", "cluster:\nlogs: ~\n", "f:1: cluster: has no value\nf:2: logs: has no value\n"},
    {"list_for_a_value", "cluster: [a]\n", "f:1: cluster: must be a single value\n"},
    {"value_for_a_group", "logs: fast\n", "f:1: logs: must be a mapping of keys to values\n"},
    {"value_for_a_list", "loki: http://x\n", "f:1: loki: must be a list\n"},
    {"list_at_the_top", "- a\n", "f:1: must be a mapping of keys to values\n"},
    {"empty_listeners", "listeners: []\n", "f:1: listeners: the list is empty\n"},
    {"burst_without_a_rate",
     "listeners: [{name: a, transport: udp, address: \"[::]:514\",\n"
     " limits: {messages_burst_per_source: 5}}]\n",
     "f:2: listeners[0].limits.messages_burst_per_source: needs messages_per_s_per_source\n"},
    {"session_bytes_too_few",
     "listeners:\n- {name: a, transport: tcp, address: \"[::]:1\",\n"
     " limits: {session_bytes_max: 64KiB, message_bytes_max: 1MiB}}\n",
     "f:3: listeners[0].limits.session_bytes_max: must hold at least one message of "
     "message_bytes_max\n"},
    {"not_yaml", "cluster: [a\nlogs: b\n", "f:2: not valid YAML: end of sequence flow not found\n"},
    {"two_documents", "cluster: a\n---\ncluster: b\n",
     "f:2: more than one YAML document in the file\n"},
    {"tag", "cluster: !!str a\n", "f:1: YAML tags are not used here\n"},
    {"merge_key", "logs: &a {line: msg}\nreassembly: {<<: *a}\n",
     "f:2: reassembly.<<: unknown key; the keys here are enabled, bytes_max, timeout\n"},
    {"recursive_alias", "labels: &a {x: *a}\n", "f:1: alias refers to the node it stands in\n"},
    {"key_that_is_a_list", "[a, b]: c\n",
     "f:1: a key must be plain text; is a [ or { not closed?\n"},
    {"nul", "cluster: a\nlogs: b\x01\n", "f:2: control character 0x01\n"},
    {"not_utf8", "cluster: \xff\n", "f: file is not valid UTF-8\n"},
};

const BadConfig values[] = {
    {"bare_size", "logs: {line_bytes_max: 1000}\n",
     "f:1: logs.line_bytes_max: \"1000\" has no unit; write it as in 64KiB (units: B, kB, MB, GB, "
     "TB, KiB, MiB, GiB, TiB)\n"},
    {"bare_duration", "drain_timeout: 20\n",
     "f:1: drain_timeout: \"20\" has no unit; write it as in 30s (units: ms, s, m, h, d)\n"},
    {"size_out_of_range", "logs: {line_bytes_max: 1GiB}\n",
     "f:1: logs.line_bytes_max: 1GiB is outside 256B to 16MiB\n"},
    {"duration_out_of_range", "drain_timeout: 11m\n",
     "f:1: drain_timeout: 11m is outside 0s to 10m\n"},
    {"number_with_unit", "ingest_threads: 4KiB\n",
     "f:1: ingest_threads: \"4KiB\" is not a whole number\n"},
    {"number_out_of_range", "ingest_threads: 65\n", "f:1: ingest_threads: 65 is outside 0 to 64\n"},
    {"negative_number", "ingest_threads: -1\n",
     "f:1: ingest_threads: \"-1\" is not a whole number\n"},
    {"huge_number", "sources_max: 99999999999999999999\n",
     "f:1: sources_max: \"99999999999999999999\" is too large\n"},
    {"yes_for_true", "reassembly: {enabled: yes}\n",
     "f:1: reassembly.enabled: \"yes\" is neither true nor false\n"},
    {"choice", "logs: {line: frames}\n",
     "f:1: logs.line: \"frames\" is not one of frame, msg; did you mean \"frame\"?\n"},
    {"choice_far_from_all", "file: {compress: brotli}\n",
     "f:1: file.compress: \"brotli\" is not one of none, zstd\n"},
    {"address_without_port", "admin: {address: 127.0.0.1}\n",
     "f:1: admin.address: \"127.0.0.1\" is not an address and port, as in \"[::]:5514\" or "
     "\"0.0.0.0:5514\"\n"},
    {"address_without_brackets", "admin: {address: \"::1:80\"}\n",
     "f:1: admin.address: \"::1:80\" is not an address and port, as in \"[::]:5514\" or "
     "\"0.0.0.0:5514\"\n"},
    {"address_by_name", "admin: {address: \"localhost:80\"}\n",
     "f:1: admin.address: \"localhost\" is not an IP address\n"},
    {"port", "admin: {address: \"[::]:70000\"}\n",
     "f:1: admin.address: \"[::]:70000\" has a port outside 1 to 65535\n"},
    {"name", "cluster: a b\n",
     "f:1: cluster: \"a b\" is not a name: 1 to 63 letters, digits, '.', '_' and '-'\n"},
    {"url", "loki: [{name: a, url: \"loki:3100\"}]\n",
     "f:1: loki[0].url: \"loki:3100\" is not a URL that begins with http:// or https://\n"},
    {"url_without_host", "loki: [{name: a, url: \"http:///push\"}]\n",
     "f:1: loki[0].url: \"http:///push\" is not a URL with a host\n"},
    {"url_with_password", "loki: [{name: a, url: \"http://u:p@h/\"}]\n",
     "f:1: loki[0].url: credentials in a URL are refused; use basic or bearer_token_file\n"},
    {"url_with_fragment", "loki: [{name: a, url: \"http://h/#a\"}]\n",
     "f:1: loki[0].url: \"http://h/#a\" has a fragment, which is never sent\n"},
    {"mimir_url", "mimir: [{name: a, url: \"mimir:9009\"}]\n",
     "f:1: mimir[0].url: \"mimir:9009\" is not a URL that begins with http:// or https://\n"},
    {"mimir_version", "mimir: [{name: a, url: \"http://h\", remote_write: \"3.0\"}]\n",
     "f:1: mimir[0].remote_write: \"3.0\" is not one of 1.0, 2.0; did you mean \"1.0\"?\n"},
    {"framing_of_syslog",
     "listeners: [{name: a, transport: tcp, address: \"[::]:1\", framing: grpc}]\n",
     "f:1: listeners[0].framing: means nothing with protocol: syslog\n"},
    {"dialect_of_telemetry",
     "listeners: [{name: a, protocol: mdt, transport: tcp, address: \"[::]:1\", dialect: cisco}]\n",
     "f:1: listeners[0].dialect: means nothing with protocol: mdt\n"},
    {"mimir_named_as_a_loki",
     "loki: [{name: a, url: \"http://h\"}]\nmimir: [{name: a, url: \"http://h\"}]\n",
     "f:2: mimir[0].name: \"a\" is the name of a loki as well\n"},
    {"mimir_queue_smaller_than_batches",
     "metrics: {batch: {bytes_max: 1MiB}}\n"
     "mimir: [{name: a, url: \"http://h\", queue_bytes_max: 2MiB}]\n",
     "f:2: mimir[0].queue_bytes_max: must hold at least four batches of metrics.batch.bytes_max\n"},
    {"tenant", "loki: [{name: a, url: \"http://h\", tenant: a/b}]\n",
     "f:1: loki[0].tenant: \"a/b\" is not a tenant: 1 to 150 letters, digits and !-_.*'(), and "
     "neither \".\" nor \"..\"\n"},
    {"tenant_dots", "loki: [{name: a, url: \"http://h\", tenant: ..}]\n",
     "f:1: loki[0].tenant: \"..\" is not a tenant: 1 to 150 letters, digits and !-_.*'(), and "
     "neither \".\" nor \"..\"\n"},
    {"label_name", "labels:\n  a: b\n  1a: b\n",
     "f:3: labels.1a: \"1a\" is not a label name: letters, digits and '_', not a digit first\n"},
    {"label_reserved", "labels: {device: b, __x: c}\n",
     "f:1: labels.device: label \"device\" is reserved\n"
     "f:1: labels.__x: label \"__x\" is reserved\n"},
    {"label_empty", "labels: {a: \"\"}\n", "f:1: labels.a: label value is empty\n"},
    {"host_bits", "classification: [{sources: [10.0.0.1/8]}]\n",
     "f:1: classification[0].sources[0]: \"10.0.0.1/8\" has host bits set; the network is "
     "10.0.0.0/8\n"},
    {"variable_not_set", "cluster: a\nlabels: {dc: \"${NOPE}\"}\n",
     "f:2: labels.dc: environment variable NOPE is not set; ${NOPE:-default} would give a "
     "default\n"},
    {"variable_is_not_structure", "labels: ${SET}\n",
     "f:1: labels: must be a mapping of keys to values\n"},
};

const BadConfig together[] = {
    {"required", "listeners:\n  - name: a\nloki: [{name: b}]\n",
     "f:2: listeners[0].transport: is required\nf:2: listeners[0].address: is required\n"
     "f:3: loki[0].url: is required\n"},
    {"tls_without_certificate", "listeners:\n- {name: a, transport: tls, address: \"[::]:1\"}\n",
     "f:2: listeners[0].tls.certificate: is required for transport: tls\n"
     "f:2: listeners[0].tls.key: is required for transport: tls\n"},
    {"tls_on_tcp",
     "listeners:\n- name: a\n  transport: tcp\n  address: \"[::]:1\"\n  tls: {key: k}\n",
     "f:5: listeners[0].tls: belongs to a listener with transport: tls\n"},
    {"listener_names",
     "listeners:\n- {name: a, transport: tcp, address: \"[::]:1\"}\n"
     "- {name: a, transport: udp, address: \"[::]:1\"}\n",
     "f:3: listeners[1].name: \"a\" is the name in line 2 as well\n"},
    {"listener_addresses",
     "listeners:\n- {name: a, transport: tcp, address: \"[::]:1\"}\n"
     "- {name: b, transport: tls, address: \"[::]:1\", tls: {certificate: c, key: k}}\n",
     "f:3: listeners[1].address: is the address of listener \"a\" in line 2 as well\n"},
    {"admin_address", "listeners: [{name: a, transport: tcp, address: \"127.0.0.1:12345\"}]\n",
     "f:1: listeners[0].address: is the address of the admin server as well\n"},
    {"admin_beyond_loopback", "admin:\n  address: \"0.0.0.0:1\"\n",
     "f:2: admin.address: is beyond loopback: set admin.token_file, or admin.tls with client_ca, "
     "so that not everybody may ask\n"},
    {"admin_beyond_loopback_with_server_tls_only",
     "admin: {address: \"[::]:1\", tls: {certificate: c, key: k}}\n",
     "f:1: admin.address: is beyond loopback: set admin.token_file, or admin.tls with client_ca, "
     "so that not everybody may ask\n"},
    {"admin_empty_token_file", "admin: {token_file: \"\"}\n", "f:1: admin.token_file: is empty\n"},
    {"admin_certificate_without_key", "admin: {tls: {certificate: c}}\n",
     "f:1: admin.tls: needs certificate and key together\n"},
    {"admin_client_ca_alone", "admin: {tls: {client_ca: c}}\n",
     "f:1: admin.tls: needs certificate and key together\n"},
    {"same_prefix_twice",
     "classification:\n- {sources: [10.0.0.0/8]}\n- sources:\n  - 10.0.0.0/9\n  - 10.0.0.0/8\n",
     "f:5: classification[1].sources[1]: 10.0.0.0/8 stands in line 2 as well\n"},
    {"sources_and_hostname", "classification: [{sources: [10.0.0.0/8], hostname: a}, {zone: Z}]\n",
     "f:1: classification[0]: has both sources and hostname; write two entries\n"
     "f:1: classification[1]: needs sources or hostname\n"},
    {"dialect_by_hostname", "classification: [{hostname: a, dialect: cisco}]\n",
     "f:1: classification[0]: dialect and trusted_relay belong to an entry with sources; a "
     "hostname "
     "is known only after the message was read\n"},
    {"basic_incomplete", "loki: [{name: a, url: \"https://h\", basic: {user: u}}]\n",
     "f:1: loki[0].basic: needs both user and password_file\n"},
    {"basic_and_bearer",
     "loki: [{name: a, url: \"https://h\", basic: {user: u, password_file: p}, "
     "bearer_token_file: b}]\n",
     "f:1: loki[0].bearer_token_file: and basic exclude each other\n"},
    {"client_certificate_without_key",
     "loki: [{name: a, url: \"https://h\", tls: {certificate: c}}]\n",
     "f:1: loki[0].tls: needs certificate and key together\n"},
    {"tls_on_http", "loki: [{name: a, url: \"http://h\", tls: {ca: c}}]\n",
     "f:1: loki[0].tls: belongs to an https:// URL\n"},
    {"backoff", "loki:\n- name: a\n  url: http://h\n  backoff_min: 1m\n",
     "f:4: loki[0].backoff_min: is longer than backoff_max\n"},
    {"query_basic_incomplete", "loki: [{name: a, url: \"https://h\", query_basic: {user: u}}]\n",
     "f:1: loki[0].query_basic: needs both user and password_file\n"},
    {"query_credentials_twice",
     "loki: [{name: a, url: \"https://h\", query_basic: {user: u, password_file: p}, "
     "query_bearer_token_file: t}]\n",
     "f:1: loki[0].query_bearer_token_file: and query_basic exclude each other\n"},
    {"repeat_too_often", "file: {directory: d}\nmetrics: {repeat_after: 9s}\n",
     "f:2: metrics.repeat_after: must be 0ms, for never, or at least 10s\n"},
    {"canary_too_often", "loki: [{name: a, url: \"http://h\"}]\ncanary: {interval: 500ms}\n",
     "f:2: canary.interval: must be 0ms, for no canary, or at least 1s\n"},
    {"canary_waits_too_long",
     "loki: [{name: a, url: \"http://h\"}]\ncanary:\n  interval: 5s\n  timeout: 601s\n",
     "f:4: canary.timeout: is longer than 120 times canary.interval\n"},
    {"canary_without_loki", "file: {directory: d}\ncanary: {interval: 30s}\n",
     "f:2: canary.interval: needs a Loki to read the lines back from: configure loki, or leave out "
     "the canary\n"},
    {"canary_with_nobody_to_ask",
     "loki: [{name: a, url: \"http://h\", canary: false}]\ncanary: {interval: 30s}\n",
     "f:2: canary.interval: has no Loki to ask: every one has canary: false; leave out the "
     "canary\n"},
    {"canary_without_query_url",
     "loki:\n- name: a\n  url: http://h/push\n- {name: b, url: \"http://h\"}\n"
     "canary: {interval: 30s}\n",
     "f:2: loki[0].query_url: is needed for the canary: url does not end in /loki/api/v1/push. "
     "Give the URL of query_range, or set canary: false for this endpoint\n"},
    {"endpoint_names", "loki: [{name: a, url: \"http://h\"}, {name: a, url: \"http://i\"}]\n",
     "f:1: loki[1].name: \"a\" is the name in line 1 as well\n"},
    {"endpoint_called_file", "loki: [{name: file, url: \"http://h\"}]\nfile: {directory: d}\n",
     "f:1: loki[0].name: \"file\" is the name of the file sink\n"},
    {"line_larger_than_batch", "logs: {batch: {bytes_max: 4KiB}, line_bytes_max: 8KiB}\n",
     "f:1: logs.line_bytes_max: is larger than logs.batch.bytes_max\n"},
    {"segment_larger_than_an_eighth", "spool: {bytes_max: 64MiB, segment_bytes_max: 9MiB}\n",
     "f:1: spool.segment_bytes_max: is larger than an eighth of spool.bytes_max: a full spool "
     "drops its oldest segment whole\n"},
    {"segments_too_many", "spool: {bytes_max: 1TiB, segment_bytes_max: 1MiB}\n",
     "f:1: spool.segment_bytes_max: spool.bytes_max would be over 262144 segments of "
     "spool.segment_bytes_max: make them larger\n"},
    {"file_larger_than_total", "file: {file_bytes_max: 2MiB, total_bytes_max: 1MiB}\n",
     "f:1: file.file_bytes_max: is larger than file.total_bytes_max\n"},
    {"too_many_labels",
     "labels: {a: x, b: x, c: x, d: x, e: x, f: x, g: x, h: x, i: x, service_name: x}\n"
     "classification:\n- {sources: [10.0.0.0/8], labels: {a: y, l: x}}\n"
     "- sources: [10.1.0.0/16]\n  labels: {l: x, m: x}\n",
     "f:4: classification: a stream would have 16 labels, 5 of them weir's own; Loki takes 15\n"},
};

const BadConfig rules[] = {
    {"pattern", "rules:\n- name: a\n  action: drop\n  match:\n    msg: \"(\"\n",
     "f:5: rules[0].match.msg: \"(\" is not a pattern that RE2 takes: missing ): (\n"},
    {"pattern_empty", "rules: [{name: a, action: drop, match: {msg: \"\"}}]\n",
     "f:1: rules[0].match.msg: pattern is empty and would match everything\n"},
    {"field_name", "rules: [{name: a, action: drop, match: {\"a b\": c}}]\n",
     "f:1: rules[0].match.a b: \"a b\" is not a field name\n"},
    {"action", "rules: [{name: a, action: dorp}]\n",
     "f:1: rules[0].action: \"dorp\" is not one of drop, keep, redact, sample, set_label, "
     "set_metadata; did you mean \"drop\"?\n"
     "f:1: rules[0].match: is required for this action\n"},
    {"drop_everything", "rules: [{name: a, action: drop}]\n",
     "f:1: rules[0].match: is required for this action\n"},
    {"redact_nothing", "rules: [{name: a, action: redact}]\n",
     "f:1: rules[0].pattern: is required for this action\n"},
    {"set_incomplete", "rules: [{name: a, action: set_label}]\n",
     "f:1: rules[0].target: is required for this action\n"
     "f:1: rules[0].value: is required for this action\n"},
    {"unknown_field", "rules: [{name: a, action: drop, match: {host: a, wholly: b}}]\n",
     "f:1: rules[0].match.host: is neither a field nor a label\n"
     "f:1: rules[0].match.wholly: is neither a field nor a label\n"},
    {"near_field",
     "labels: {site: a}\nrules: [{name: a, action: drop, match: {hostnme: a, sites: b}}]\n",
     "f:2: rules[0].match.hostnme: is neither a field nor a label; did you mean \"hostname\"?\n"
     "f:2: rules[0].match.sites: is neither a field nor a label; did you mean \"site\"?\n"},
    {"label_of_a_later_rule",
     "rules:\n- {name: a, action: drop, match: {mine: a}}\n"
     "- {name: b, action: set_label, target: mine, value: x}\n"
     "- {name: c, action: drop, match: {mine: a}}\n",
     "f:2: rules[0].match.mine: is neither a field nor a label; did you mean \"line\"?\n"},
    {"match_nothing", "rules: [{name: a, action: keep, match: {}}]\n",
     "f:1: rules[0].match: is required for this action\n"},
    {"redact_severity", "rules: [{name: a, action: redact, target: severity, pattern: a}]\n",
     "f:1: rules[0].target: \"severity\" is not a field of the message's text; redact takes line, "
     "msg, hostname, app_name, ...\n"},
    {"set_reserved", "rules: [{name: a, action: set_label, target: device, value: x}]\n",
     "f:1: rules[0].target: label \"device\" is reserved\n"},
    {"unused", "rules: [{name: a, action: drop, match: {msg: a}, one_in: 3}]\n",
     "f:1: rules[0].one_in: is not used by this action\n"},
    {"no_such_group", "rules: [{name: a, action: redact, pattern: \"(a)\", value: '\\2'}]\n",
     "f:1: rules[0].value: does not fit the pattern \"(a)\": Rewrite schema requests 2 matches, "
     "but the regexp only has 1 parenthesized subexpressions.\n"},
};

INSTANTIATE_TEST_SUITE_P(Shape, ConfigErrors, testing::ValuesIn(shape), name_of);
INSTANTIATE_TEST_SUITE_P(Values, ConfigErrors, testing::ValuesIn(values), name_of);
INSTANTIATE_TEST_SUITE_P(Together, ConfigErrors, testing::ValuesIn(together), name_of);
INSTANTIATE_TEST_SUITE_P(Rules, ConfigErrors, testing::ValuesIn(rules), name_of);

TEST(ConfigErrors, AllAreReportedButNotWithoutEnd) {
    std::string text = "labels:\n";
    for (int i = 0; i < 60; ++i) {
        text += "  " + std::to_string(i) + ": x\n";
    }
    const ConfigOutcome outcome = load_config(text, "f");
    ASSERT_EQ(outcome.problems.size(), 51U);
    EXPECT_EQ(outcome.problems[0].line, 2);
    EXPECT_EQ(outcome.problems[50].message, "more than 50 problems; the rest is not shown");
}

TEST(ConfigErrors, ZoneThatDoesNotExist) {
    const ConfigOutcome outcome =
        load_config("classification: [{sources: [10.0.0.0/8], zone: Europe/Atlantis}]", "f");
    ASSERT_EQ(outcome.problems.size(), 1U);
    EXPECT_EQ(outcome.problems[0].path, "classification[0].zone");
}

TEST(ConfigErrors, FileThatDoesNotExist) {
    const ConfigOutcome outcome = load_config_file("/nonexistent/weir.yaml");
    EXPECT_EQ(problems_of(outcome), "f: can not be read: No such file or directory\n");
    EXPECT_FALSE(load_config_file("/").config);
}

}  // namespace
}  // namespace weir
