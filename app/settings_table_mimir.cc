#include "app/settings_table.h"

#include <array>

namespace weir {

namespace {

using namespace settings_table;

using Type = SettingType;
using H = HttpEndpointConfig;

constexpr std::array<std::string_view, 2> remote_write_versions = {"1.0", "2.0"};

constexpr Setting rows[] = {
    {.path = "mimir",
     .type = Type::list,
     .max = 16,
     .about =
         "Mimirs, or other receivers of Prometheus remote write; each gets every sample, at its "
         "own pace."},
    {.path = "mimir[].name",
     .type = Type::name,
     .slot = slot<&H::name>,
     .required = true,
     .about = "Name of the endpoint in metrics, events, the ledger and the spool; no loki may have "
              "the same."},
    {.path = "mimir[].url",
     .type = Type::url,
     .slot = slot<&H::url>,
     .required = true,
     .reloadable = true,
     .about =
         "URL that takes Prometheus remote write, or Mimir's base URL, to which /api/v1/push is "
         "added."},
    {.path = "mimir[].tenant",
     .type = Type::tenant,
     .slot = slot<&H::tenant>,
     .reloadable = true,
     .about = "Tenant sent as X-Scope-OrgID; none is sent if not given."},
    {.path = "mimir[].basic",
     .type = Type::group,
     .about = "User and password of HTTP basic authentication."},
    {.path = "mimir[].basic.user",
     .type = Type::text,
     .slot = slot<&H::basic_user>,
     .reloadable = true,
     .about = "User name."},
    {.path = "mimir[].basic.password_file",
     .type = Type::path,
     .slot = slot<&H::basic_password_file>,
     .reloadable = true,
     .about = "File with the password, read again when it changes."},
    {.path = "mimir[].bearer_token_file",
     .type = Type::path,
     .slot = slot<&H::bearer_token_file>,
     .reloadable = true,
     .about = "File with a bearer token, read again when it changes."},
    {.path = "mimir[].tls", .type = Type::group, .about = "TLS towards the endpoint (https)."},
    {.path = "mimir[].tls.ca",
     .type = Type::path,
     .slot = slot<&H::tls_ca>,
     .reloadable = true,
     .about = "PEM file with the trusted issuers; the system's if not given."},
    {.path = "mimir[].tls.certificate",
     .type = Type::path,
     .slot = slot<&H::tls_certificate>,
     .reloadable = true,
     .about = "PEM file with a client certificate."},
    {.path = "mimir[].tls.key",
     .type = Type::path,
     .slot = slot<&H::tls_key>,
     .reloadable = true,
     .about = "PEM file with the client certificate's private key."},
    {.path = "mimir[].tls.server_name",
     .type = Type::text,
     .slot = slot<&H::tls_server_name>,
     .reloadable = true,
     .about = "Name to expect in the server's certificate, if not the URL's host."},
    {.path = "mimir[].request_timeout",
     .type = Type::duration,
     .slot = slot<&H::request_timeout>,
     .min = 100 * ms,
     .max = 10 * m,
     .reloadable = true,
     .about = "Longest wait for an answer."},
    {.path = "mimir[].connect_timeout",
     .type = Type::duration,
     .slot = slot<&H::connect_timeout>,
     .min = 10 * ms,
     .max = 5 * m,
     .reloadable = true,
     .about = "Longest wait for a connection, TLS included."},
    {.path = "mimir[].backoff_min",
     .type = Type::duration,
     .slot = slot<&H::backoff_min>,
     .min = 10 * ms,
     .max = 10 * m,
     .reloadable = true,
     .about = "First pause after a failure; it doubles."},
    {.path = "mimir[].backoff_max",
     .type = Type::duration,
     .slot = slot<&H::backoff_max>,
     .min = 10 * ms,
     .max = 1 * h,
     .reloadable = true,
     .about = "Longest pause after a failure."},
    {.path = "mimir[].hold_probe_interval",
     .type = Type::duration,
     .slot = slot<&H::hold_probe_interval>,
     .min = 1 * s,
     .max = 1 * h,
     .reloadable = true,
     .about = "How often an endpoint that refuses the credentials or the path is tried again."},
    {.path = "mimir[].requests_in_flight_max",
     .type = Type::integer,
     .slot = slot<&H::requests_in_flight_max>,
     .min = 1,
     .max = 64,
     .reloadable = true,
     .about = "Most requests under way at a time, of different ingest threads: what one thread "
              "received is "
              "sent in order; how many up to here, weir finds out."},
    {.path = "mimir[].queue_bytes_max",
     .type = Type::size,
     .slot = slot<&H::queue_bytes_max>,
     .min = 1 * mib,
     .max = 64 * gib,
     .about = "Memory for batches that wait for this endpoint."},
    {.path = "mimir[].remote_write",
     .type = Type::choice,
     .slot = slot<&H::remote_write_2>,
     .choices = remote_write_versions,
     .reloadable = true,
     .about =
         "Version of remote write. 2.0 falls back to 1.0 for an hour where the endpoint does not "
         "take it."},
};

}  // namespace

std::span<const Setting> mimir_settings() {
    return rows;
}

}  // namespace weir
