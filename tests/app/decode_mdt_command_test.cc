// From bytes to series: what `weir decode mdt` prints. The same datum must give the same text
// whatever it was sent in.
#include "app/decode_mdt_command.h"

#include "app/mdt_generator.h"
#include "app/mdt_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>
#include <string>
#include <vector>

namespace weir {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Decoded {
    int status = 0;
    std::string out;
    std::string errors;
};

Decoded decode(const std::string& bytes, const DecodeMdtOptions& options = {}) {
    std::istringstream in(bytes);
    std::ostringstream out;
    std::ostringstream errors;
    Decoded decoded{.status = run_decode_mdt_command(options, in, out, errors)};
    decoded.out = out.str();
    decoded.errors = errors.str();
    return decoded;
}

// Series lines alone, sorted.
std::vector<std::string> series_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    std::string line;
    while (std::getline(in, line)) {
        if (!line.starts_with('#')) {
            lines.push_back(line);
        }
    }
    std::sort(lines.begin(), lines.end());
    return lines;
}

TEST(DecodeMdtCommand, PrintsTheSeriesOfAMessage) {
    const Decoded decoded = decode(
        R"({"node_id_str":"r1","encoding_path":"openconfig-interfaces:interfaces",)"
        R"("msg_timestamp":"1728034886596","data_json":[{"timestamp":"1728034881880","content":)"
        R"({"interface":{"name":"HundredGigE0/0/0/10","state":{"mtu":1514,"name":"x",)"
        R"("counters":{"in-octets":"5"}}}}}]})");
    EXPECT_EQ(decoded.status, 0);
    EXPECT_THAT(decoded.out, HasSubstr("# TYPE openconfig_interfaces_interface_mtu gauge\n"
                                       "openconfig_interfaces_interface_mtu{device=\"r1\","
                                       "interface=\"HundredGigE0/0/0/10\"} 1514 1728034881880\n"));
    EXPECT_THAT(
        decoded.out,
        HasSubstr("# TYPE openconfig_interfaces_interface_counters_in_octets_total counter"));
    EXPECT_THAT(decoded.errors,
                HasSubstr("  openconfig-interfaces:interfaces/interface/state/name (1)\n"));
}

TEST(DecodeMdtCommand, SaysWhatIsBroken) {
    EXPECT_EQ(decode("").status, 0);
    EXPECT_EQ(decode("{]").status, 1);
    EXPECT_THAT(decode("{]").errors, HasSubstr("bad_json"));
    EXPECT_EQ(decode("abc", {.capture = MdtCapture::tcp}).status, 1);
    EXPECT_EQ(decode(std::string("\0\0\0\1\0\0", 6), {.capture = MdtCapture::grpc}).status, 1);
}

// Every generated shape as kvGPB and as JSON, bare, over gRPC in chunks and over TCP.
class EveryShape : public ::testing::TestWithParam<MdtShape> {};

TEST_P(EveryShape, GivesTheSameSeriesInEveryEncodingAndTransport) {
    constexpr std::uint64_t now_ms = 1'700'000'000'000;
    std::string kvgpb;
    std::string json;
    const MdtGenerator::Options options{.shape = GetParam(), .interfaces = 3};
    static_cast<void>(MdtGenerator(options).generate(1, 2, now_ms, kvgpb));
    MdtGenerator::Options as_json = options;
    as_json.encoding = TelemetryEncoding::json;
    static_cast<void>(MdtGenerator(as_json).generate(1, 2, now_ms, json));

    const Decoded plain = decode(kvgpb);
    EXPECT_EQ(plain.status, 0);
    EXPECT_THAT(series_of(plain.out), Not(IsEmpty())) << plain.errors;
    EXPECT_EQ(series_of(plain.out), series_of(decode(json).out));

    std::string tcp;
    append_mdt_header(TelemetryEncoding::kvgpb, kvgpb.size(), tcp);
    tcp += kvgpb;
    append_mdt_header(TelemetryEncoding::json, json.size(), tcp);
    tcp += json;
    EXPECT_EQ(series_of(decode(tcp, {.capture = MdtCapture::tcp}).out).size(),
              2 * series_of(plain.out).size());

    std::string grpc;
    const auto size = static_cast<std::int32_t>(kvgpb.size());
    for (std::size_t at = 0; at < kvgpb.size(); at += 500) {
        std::string args;
        append_mdt_dialout(1, std::string_view(kvgpb).substr(at, 500), size, args);
        grpc += std::string(3, '\0');
        grpc += static_cast<char>(args.size() >> 8U);
        grpc += static_cast<char>(args.size() & 0xffU);
        grpc += args;
    }
    const Decoded chunked = decode(grpc, {.capture = MdtCapture::grpc});
    EXPECT_EQ(chunked.status, 0) << chunked.errors;
    EXPECT_EQ(chunked.out, plain.out);
}

INSTANTIATE_TEST_SUITE_P(Shapes, EveryShape,
                         ::testing::Values(MdtShape::xr, MdtShape::xe, MdtShape::nxos_dme,
                                           MdtShape::nxos_show, MdtShape::nxos_event,
                                           MdtShape::openconfig));

}  // namespace
}  // namespace weir
