// IOS-XR: interfaces.
#include "pipeline/yang_table.h"

namespace weir {

namespace {

using namespace yang;

constexpr YangLeaves generic_counters[] = {
    {"bytes-received bytes-sent", counter("bytes")},
    {"packets-received packets-sent", counter()},
    {"multicast-packets-received multicast-packets-sent", counter()},
    {"broadcast-packets-received broadcast-packets-sent", counter()},
    {"input-drops input-queue-drops input-errors input-ignored-packets", counter()},
    {"output-drops output-queue-drops output-errors", counter()},
    {"unknown-protocol-packets-received runt-packets-received giant-packets-received", counter()},
    {"throttled-packets-received parity-packets-received crc-errors", counter()},
    {"input-overruns input-aborts framing-errors-received", counter()},
    {"output-underruns output-buffer-failures output-buffers-swapped-out", counter()},
    {"applique resets carrier-transitions", counter()},
    {"availability-flag", gauge()},
    {"last-data-time last-discontinuity-time", time_s},
    {"seconds-since-last-clear-counters", gauge_or_none("seconds")},
    {"seconds-since-packet-received seconds-since-packet-sent", gauge_or_none("seconds")},
};

constexpr YangLeaves data_rate[] = {
    {"input-data-rate output-data-rate peak-input-data-rate peak-output-data-rate", gauge()},
    {"input-packet-rate output-packet-rate", gauge()},
    {"peak-input-packet-rate peak-output-packet-rate", gauge()},
    {"bandwidth", gauge()},
    {"input-load output-load reliability", gauge()},
    {"load-interval", gauge()},
};

constexpr YangNode nodes[] = {
    {"Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface",
     words<"interface-name">},
    {"Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/"
     "generic-counters|"
     "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/total/generic-counters|"
     "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/cache/"
     "generic-counters|"
     "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/generic-counters",
     {},
     generic_counters},
    {"Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/data-rate|"
     "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/data-rate",
     {},
     data_rate},
};

}  // namespace

constinit const YangTable yang_iosxr = {
    .title = "IOS-XR interfaces",
    .source = "Cisco-IOS-XR-infra-statsd-oper",
    .nodes = nodes,
};

}  // namespace weir
