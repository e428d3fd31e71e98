// A reader of remote write 2.0 for tests: the product only writes it. Throws on damaged input.
#pragma once

#include "pipeline/remote_write.h"

#include <protozero/pbf_reader.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weir {

struct V2Series {
    WrittenSeries series;
    bool has_metadata = false;
    std::uint32_t type = 0;
    std::string_view help;
    std::string_view unit;
};

struct V2Request {
    std::vector<std::string_view> symbols;
    std::vector<V2Series> series;
};

inline SeriesSample read_v2_sample(protozero::pbf_reader message) {
    SeriesSample sample;
    while (message.next()) {
        switch (message.tag()) {
            case 1:
                sample.value = message.get_double();
                break;
            case 2:
                sample.timestamp_ms = message.get_int64();
                break;
            default:
                message.skip();
        }
    }
    return sample;
}

inline void read_v2_metadata(protozero::pbf_reader message,
                             const std::vector<std::string_view>& symbols, V2Series& series) {
    series.has_metadata = true;
    while (message.next()) {
        switch (message.tag()) {
            case 1:
                series.type = static_cast<std::uint32_t>(message.get_enum());
                break;
            case 3:
                series.help = symbols.at(message.get_uint32());
                break;
            case 4:
                series.unit = symbols.at(message.get_uint32());
                break;
            default:
                message.skip();
        }
    }
}

inline V2Series read_v2_series(protozero::pbf_reader message,
                               const std::vector<std::string_view>& symbols) {
    V2Series series;
    while (message.next()) {
        switch (message.tag()) {
            case 1: {
                const auto numbers = message.get_packed_uint32();
                for (auto number = numbers.begin(); number != numbers.end(); ++number) {
                    MetricLabel label{symbols.at(*number), {}};
                    ++number;
                    label.value = symbols.at(*number);
                    series.series.labels.push_back(label);
                }
                break;
            }
            case 2:
                series.series.samples.push_back(read_v2_sample(message.get_message()));
                break;
            case 5:
                read_v2_metadata(message.get_message(), symbols, series);
                break;
            default:
                message.skip();
        }
    }
    return series;
}

// Symbols stand before the series that use them in what weir writes.
inline V2Request read_v2(const std::string& raw) {
    V2Request request;
    protozero::pbf_reader message{raw};
    while (message.next()) {
        if (message.tag() == 4) {
            const auto text = message.get_view();
            request.symbols.emplace_back(text.data(), text.size());
        } else if (message.tag() == 5) {
            request.series.push_back(read_v2_series(message.get_message(), request.symbols));
        } else {
            message.skip();
        }
    }
    return request;
}

}  // namespace weir
