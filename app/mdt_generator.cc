#include "app/mdt_generator.h"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <utility>

namespace weir {

namespace {

constexpr std::array<std::pair<MdtShape, std::string_view>, 6> shape_names = {{
    {MdtShape::xr, "xr"},
    {MdtShape::xe, "xe"},
    {MdtShape::nxos_dme, "nxos-dme"},
    {MdtShape::nxos_show, "nxos-show"},
    {MdtShape::nxos_event, "nxos-event"},
    {MdtShape::openconfig, "openconfig"},
}};

// Spreads numbers that are close together; the finaliser of splitmix64.
std::uint64_t mix(std::uint64_t number) {
    number += 0x9E37'79B9'7F4A'7C15;
    number = (number ^ (number >> 30U)) * 0xBF58'476D'1CE4'E5B9;
    number = (number ^ (number >> 27U)) * 0x94D0'49BB'1331'11EB;
    return number ^ (number >> 31U);
}

// One message in the making: whose it is, and what was written.
class Telemetry {
  public:
    Telemetry(MdtWriter& writer, std::uint64_t seed, std::uint32_t device, std::uint64_t round,
              std::uint64_t now_ms)
        : writer_(writer), seed_(mix(seed ^ mix(device))), round_(round), now_ms_(now_ms) {}

    MdtWriter& writer() { return writer_; }

    [[nodiscard]] std::uint64_t round() const { return round_; }

    void begin_row() {
        ++generated_.rows;
        writer_.begin_row(now_ms_, false);
    }

    // A value that only rises, by up to `step_max` a round.
    [[nodiscard]] std::uint64_t counter(std::uint32_t interface, std::uint64_t step_max) {
        const std::uint64_t place = mix(seed_ ^ mix(interface * 1000ULL + generated_.leaves));
        const std::uint64_t step = place % step_max + 1;
        return place % 1'000'000'000'000 + step * round_;
    }

    void u64(std::string_view name, std::uint32_t interface, std::uint64_t step_max) {
        writer_.u64(name, counter(interface, step_max));
        ++generated_.leaves;
    }

    void exactly(std::string_view name, std::uint64_t value) {
        writer_.u64(name, value);
        ++generated_.leaves;
    }

    void i64(std::string_view name, std::int64_t value) {
        writer_.i64(name, value);
        ++generated_.leaves;
    }

    void u32(std::string_view name, std::uint32_t value) {
        writer_.u32(name, value);
        ++generated_.leaves;
    }

    void text(std::string_view name, std::string_view value) {
        writer_.text(name, value);
        ++generated_.leaves;
    }

    // Which of `choices` it is this round.
    [[nodiscard]] std::uint64_t choose(std::uint32_t interface, std::uint64_t choices) const {
        return mix(seed_ ^ mix(interface) ^ mix(round_)) % choices;
    }

    [[nodiscard]] const MdtGenerated& generated() const { return generated_; }

  private:
    MdtWriter& writer_;
    std::uint64_t seed_;
    std::uint64_t round_;
    std::uint64_t now_ms_;
    MdtGenerated generated_;
};

constexpr std::uint64_t octets_step = 100'000'000;
constexpr std::uint64_t packets_step = 100'000;
constexpr std::uint64_t errors_step = 2;

void write_xr(Telemetry& telemetry, std::uint32_t interfaces) {
    constexpr std::string_view packets[] = {
        "packets-received",           "packets-sent",           "multicast-packets-received",
        "broadcast-packets-received", "multicast-packets-sent", "broadcast-packets-sent"};
    MdtWriter& writer = telemetry.writer();
    for (std::uint32_t i = 0; i < interfaces; ++i) {
        telemetry.begin_row();
        writer.begin_object("keys");
        writer.text("interface-name", fmt::format("GigabitEthernet0/0/0/{}", i));
        writer.end();
        writer.begin_object("content");
        for (const std::string_view name : packets) {
            telemetry.u64(name, i, packets_step);
        }
        for (const std::string_view name : {"bytes-received", "bytes-sent"}) {
            telemetry.u64(name, i, octets_step);
        }
        for (const std::string_view name : {"output-drops", "input-drops", "input-errors",
                                            "crc-errors", "output-errors", "carrier-transitions"}) {
            telemetry.u32(name,
                          static_cast<std::uint32_t>(telemetry.counter(i, errors_step) >> 8U));
        }
        telemetry.u32("seconds-since-packet-received", i % 7 == 6 ? UINT32_MAX : 0);
        telemetry.u32("last-discontinuity-time", 1'700'000'000);
        writer.end();
        writer.end();
    }
}

void write_xe(Telemetry& telemetry, std::uint32_t interfaces) {
    constexpr std::string_view packets[] = {"in-unicast-pkts",    "in-broadcast-pkts",
                                            "in-multicast-pkts",  "out-unicast-pkts",
                                            "out-broadcast-pkts", "out-multicast-pkts"};
    MdtWriter& writer = telemetry.writer();
    for (std::uint32_t i = 0; i < interfaces; ++i) {
        telemetry.begin_row();
        writer.begin_object("keys");
        writer.text("name", fmt::format("GigabitEthernet1/0/{}", i + 1));
        writer.end();
        writer.begin_object("content");
        telemetry.text("discontinuity-time", "2026-01-22T14:15:46+00:00");
        for (const std::string_view name : {"in-octets", "out-octets-64"}) {
            telemetry.u64(name, i, octets_step);
        }
        for (const std::string_view name : packets) {
            telemetry.u64(name, i, packets_step);
        }
        for (const std::string_view name : {"in-discards", "in-errors", "in-crc-errors",
                                            "out-discards", "out-errors", "num-flaps"}) {
            telemetry.u32(name,
                          static_cast<std::uint32_t>(telemetry.counter(i, errors_step) >> 8U));
        }
        for (const std::string_view name : {"rx-pps", "rx-kbps", "tx-pps", "tx-kbps"}) {
            telemetry.u32(name, static_cast<std::uint32_t>(telemetry.choose(i, 1'000'000)));
        }
        writer.end();
        writer.end();
    }
}

// The row of NX-OS: its one key is the path, by name and by value.
void begin_nxos_row(Telemetry& telemetry, std::string_view path) {
    MdtWriter& writer = telemetry.writer();
    telemetry.begin_row();
    writer.begin_object("keys");
    writer.text(path, path);
    writer.end();
    writer.begin_object("content");
    writer.begin_anonymous();
}

void end_nxos_row(Telemetry& telemetry) {
    for (int open = 0; open < 3; ++open) {
        telemetry.writer().end();
    }
}

// <class> -> (node) -> attributes -> (node)
void begin_dme_object(MdtWriter& writer, std::string_view name) {
    writer.begin_object(name);
    writer.begin_anonymous();
    writer.begin_object("attributes");
    writer.begin_anonymous();
}

void end_dme_object(MdtWriter& writer) {
    for (int open = 0; open < 4; ++open) {
        writer.end();
    }
}

void write_nxos_dme(Telemetry& telemetry, std::uint32_t interfaces) {
    MdtWriter& writer = telemetry.writer();
    begin_nxos_row(telemetry, "sys/intf");
    writer.begin_list("children", true);
    for (std::uint32_t i = 0; i < interfaces; ++i) {
        for (const bool in : {true, false}) {
            writer.begin_item();
            begin_dme_object(writer, in ? "rmonIfHCIn" : "rmonIfHCOut");
            telemetry.u64("broadcastPkts", i, packets_step);
            telemetry.text("childAction", "");
            telemetry.text("clearTs", "never");
            telemetry.text(
                "dn", fmt::format("sys/intf/phys-[eth1/{}]/dbgIfHC{}", i + 1, in ? "In" : "Out"));
            telemetry.text("modTs", "never");
            telemetry.u64("multicastPkts", i, packets_step);
            telemetry.u64("octets", i, octets_step);
            telemetry.text("rn", " ");
            telemetry.text("status", " ");
            telemetry.u64("ucastPkts", i, packets_step);
            end_dme_object(writer);
            writer.end();
        }
    }
    writer.end();
    end_nxos_row(telemetry);
}

void write_nxos_show(Telemetry& telemetry, std::uint32_t interfaces) {
    MdtWriter& writer = telemetry.writer();
    begin_nxos_row(telemetry, "show interface");
    writer.begin_object("TABLE_interface");
    writer.begin_anonymous();
    writer.begin_list("ROW_interface", true);
    for (std::uint32_t i = 0; i < interfaces; ++i) {
        writer.begin_item();
        telemetry.text("interface", fmt::format("Ethernet1/{}", i + 1));
        telemetry.text("state", telemetry.choose(i, 20) == 0 ? "down" : "up");
        telemetry.text("eth_mtu", "1500");
        for (const std::string_view name : {"eth_inbytes", "eth_outbytes"}) {
            telemetry.u64(name, i, octets_step);
        }
        for (const std::string_view name : {"eth_inucast", "eth_outucast", "eth_inmcast",
                                            "eth_outmcast", "eth_inbcast", "eth_outbcast"}) {
            telemetry.u64(name, i, packets_step);
        }
        for (const std::string_view name : {"eth_inerr", "eth_outerr", "eth_crc"}) {
            telemetry.u64(name, i, errors_step);
        }
        writer.end();
    }
    writer.end();
    writer.end();
    writer.end();
    end_nxos_row(telemetry);
}

void write_nxos_event(Telemetry& telemetry, std::uint32_t interfaces) {
    MdtWriter& writer = telemetry.writer();
    const auto number = static_cast<std::uint32_t>(telemetry.choose(0, interfaces)) + 1;
    const bool up = telemetry.round() % 2 == 0;
    begin_nxos_row(telemetry, "EVENT-LIST");
    writer.begin_list("children", true);
    writer.begin_item();
    writer.begin_object("imdata");
    writer.begin_anonymous();
    begin_dme_object(writer, "ethpmPhysIf");
    telemetry.text("childAction", "");
    telemetry.text("dn", fmt::format("sys/intf/phys-[eth1/{}]/phys", number));
    telemetry.text("lastLinkStChg", "2026-01-22T14:15:46.199-08:00");
    telemetry.text("operBitset", "3-4");
    telemetry.text("operSt", up ? "up" : "down");
    telemetry.text("operStQual", up ? "none" : "link-failure");
    telemetry.i64("resetCtr", static_cast<std::int64_t>(telemetry.round()));
    telemetry.text("rn", "");
    telemetry.text("status", "modified");
    end_dme_object(writer);
    writer.end();
    writer.end();
    telemetry.exactly("subscriptionId", 18379759394883829764U);
    writer.end();
    writer.end();
    end_nxos_row(telemetry);
}

void write_openconfig(Telemetry& telemetry, std::uint32_t interfaces) {
    constexpr std::string_view packets[] = {"in-unicast-pkts",    "in-broadcast-pkts",
                                            "in-multicast-pkts",  "out-unicast-pkts",
                                            "out-broadcast-pkts", "out-multicast-pkts"};
    MdtWriter& writer = telemetry.writer();
    for (std::uint32_t i = 0; i < interfaces; ++i) {
        telemetry.begin_row();
        writer.begin_object("content");
        writer.begin_object("interface");
        telemetry.text("name", fmt::format("GigabitEthernet0/0/0/{}", i));
        writer.begin_object("state");
        telemetry.text("admin-status", "UP");
        telemetry.text("oper-status", telemetry.choose(i, 20) == 0 ? "DOWN" : "UP");
        telemetry.u32("ifindex", i + 3);
        writer.begin_object("counters");
        for (const std::string_view name : {"in-octets", "out-octets"}) {
            telemetry.u64(name, i, octets_step);
        }
        for (const std::string_view name : packets) {
            telemetry.u64(name, i, packets_step);
        }
        for (const std::string_view name :
             {"in-errors", "out-errors", "in-discards", "out-discards"}) {
            telemetry.u64(name, i, errors_step);
        }
        for (int open = 0; open < 5; ++open) {
            writer.end();
        }
    }
}

std::string_view path_of(MdtShape shape) {
    switch (shape) {
        case MdtShape::xr:
            return "Cisco-IOS-XR-infra-statsd-oper:infra-statistics/interfaces/interface/latest/"
                   "generic-counters";
        case MdtShape::xe:
            return "Cisco-IOS-XE-interfaces-oper:interfaces/interface/statistics";
        case MdtShape::nxos_dme:
            return "sys/intf";
        case MdtShape::nxos_show:
            return "show interface";
        case MdtShape::nxos_event:
            return "EVENT-LIST";
        case MdtShape::openconfig:
            return "openconfig-interfaces:interfaces/interface";
    }
    return {};
}

void write(MdtShape shape, Telemetry& telemetry, std::uint32_t interfaces) {
    switch (shape) {
        case MdtShape::xr:
            return write_xr(telemetry, interfaces);
        case MdtShape::xe:
            return write_xe(telemetry, interfaces);
        case MdtShape::nxos_dme:
            return write_nxos_dme(telemetry, interfaces);
        case MdtShape::nxos_show:
            return write_nxos_show(telemetry, interfaces);
        case MdtShape::nxos_event:
            return write_nxos_event(telemetry, interfaces);
        case MdtShape::openconfig:
            return write_openconfig(telemetry, interfaces);
    }
}

}  // namespace

std::string_view mdt_shape_name(MdtShape shape) {
    for (const auto& [each, name] : shape_names) {
        if (each == shape) {
            return name;
        }
    }
    return {};
}

std::optional<MdtShape> mdt_shape_from_name(std::string_view name) {
    for (const auto& [each, each_name] : shape_names) {
        if (each_name == name) {
            return each;
        }
    }
    return std::nullopt;
}

std::string MdtGenerator::node_name(std::uint32_t device) const {
    return fmt::format("{}-{:04}", mdt_shape_name(options_.shape), device);
}

MdtGenerated MdtGenerator::generate(std::uint32_t device, std::uint64_t round, std::uint64_t now_ms,
                                    std::string& out) const {
    out.clear();
    const std::string name = node_name(device);
    const TelemetryHeader header{.node_id = name,
                                 .subscription = "101",
                                 .encoding_path = path_of(options_.shape),
                                 .collection_id = round + 1,
                                 .collection_start_ms = now_ms,
                                 .msg_timestamp_ms = now_ms,
                                 .encoding = options_.encoding};
    std::unique_ptr<MdtWriter> writer;
    if (options_.encoding == TelemetryEncoding::json) {
        writer = std::make_unique<MdtJsonWriter>(header, out);
    } else {
        writer = std::make_unique<MdtKvgpbWriter>(header, out);
    }
    Telemetry telemetry(*writer, options_.seed, device, round, now_ms);
    write(options_.shape, telemetry, options_.interfaces);
    writer->finish(now_ms);
    return telemetry.generated();
}

}  // namespace weir
