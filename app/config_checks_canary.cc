#include "app/build_parts.h"
#include "app/config_checks_common.h"

#include <algorithm>

namespace weir {

namespace {

// So many lines may be waited for at a time.
constexpr int lines_waited_for_max = 120;

bool names_tenant(const Labels& labels) {
    return labels.contains("tenant");
}

// Whether some lines have a tenant that the canary's has not.
bool gives_tenants(const Config& config) {
    return std::any_of(config.classification.begin(), config.classification.end(),
                       [](const ClassificationRule& rule) { return names_tenant(rule.labels); }) ||
           std::any_of(config.hostnames.begin(), config.hostnames.end(),
                       [](const HostnameRule& rule) { return names_tenant(rule.labels); }) ||
           std::any_of(config.rules.begin(), config.rules.end(), [](const RuleConfig& rule) {
               return rule.action == RuleAction::set_label && rule.target == "tenant";
           });
}

void check_tenant(const ReadConfig& read, ConfigProblems& problems) {
    const Config& config = read.config;
    if (!config.canary.tenant.empty() || names_tenant(config.labels) || !gives_tenants(config)) {
        return;
    }
    for (const HttpEndpointConfig& endpoint : config.loki) {
        if (endpoint.tenant.empty()) {
            problems.warning(
                line_of(read.lines, "canary"), "canary.tenant",
                fmt::format("is not set, nor loki[{}].tenant, while other lines have tenants: "
                            "a Loki that wants one would refuse the canary's line and be held",
                            endpoint.name));
        }
    }
}

void check_endpoint(const ReadConfig& read, std::size_t number, ConfigProblems& problems) {
    const HttpEndpointConfig& endpoint = read.config.loki[number];
    const auto at = [number](std::string_view key) {
        return fmt::format("loki[{}].{}", number, key);
    };
    const auto error = [&](std::string_view key, std::string message) {
        problems.error(line_of(read.lines, at(key)), at(key), std::move(message));
    };
    const bool basic = is_written(read, at("query_basic"));
    const bool bearer = is_written(read, at("query_bearer_token_file"));
    if (basic && (!is_written(read, at("query_basic.user")) ||
                  !is_written(read, at("query_basic.password_file")))) {
        error("query_basic", "needs both user and password_file");
    }
    if (basic && bearer) {
        error("query_bearer_token_file", "and query_basic exclude each other");
    }
    const bool is_asked = read.config.canary.interval.count() > 0 && endpoint.canary;
    if (is_asked && !endpoint.url.empty() && query_url(endpoint).empty()) {
        error("query_url",
              "is needed for the canary: url does not end in /loki/api/v1/push. Give the URL of "
              "query_range, or set canary: false for this endpoint");
    }
}

}  // namespace

void check_canary(const ReadConfig& read, ConfigProblems& problems) {
    const Config& config = read.config;
    for (std::size_t i = 0; i < config.loki.size(); ++i) {
        check_endpoint(read, i, problems);
    }
    const std::chrono::milliseconds interval = config.canary.interval;
    if (interval.count() == 0) {
        return;
    }
    const auto error = [&](std::string_view path, std::string message) {
        problems.error(line_of(read.lines, path), std::string(path), std::move(message));
    };
    if (interval < std::chrono::seconds(1)) {
        error("canary.interval", "must be 0ms, for no canary, or at least 1s");
    } else if (config.canary.timeout > lines_waited_for_max * interval) {
        error("canary.timeout",
              fmt::format("is longer than {} times canary.interval", lines_waited_for_max));
    }
    check_tenant(read, problems);
    if (config.loki.empty()) {
        error("canary.interval",
              "needs a Loki to read the lines back from: configure loki, or leave out the canary");
    } else if (std::none_of(config.loki.begin(), config.loki.end(),
                            [](const HttpEndpointConfig& endpoint) { return endpoint.canary; })) {
        error("canary.interval",
              "has no Loki to ask: every one has canary: false; leave out the canary");
    }
}

}  // namespace weir
