// What the sink has counted of Prometheus remote write: samples, series, and how many samples each
// family has. A value.
#pragma once

#include <fmt/format.h>
#include <protozero/pbf_reader.hpp>

#include <algorithm>
#include <bit>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weir::bench {

class SampleTally {
  public:
    // Counts a WriteRequest that is not compressed. False when it is none; what came before the
    // fault is counted.
    bool count(std::string_view request) {
        ++requests_;
        bytes_ += request.size();
        try {
            protozero::pbf_reader reader(request.data(), request.size());
            while (reader.next(1)) {
                count_series(reader.get_message());
            }
        } catch (const protozero::exception&) {
            return false;
        }
        return true;
    }

    [[nodiscard]] std::string json() const {
        std::string families;
        for (const auto& [name, samples] : families_) {
            families += fmt::format(R"({}"{}":{})", families.empty() ? "" : ",", name, samples);
        }
        return fmt::format(R"({{"samples":{},"stale":{},"series":{},"not_newer":{},"requests":{},)"
                           R"("bytes":{},"families":{{{}}}}})",
                           samples_, stale_, newest_ms_.size(), not_newer_, requests_, bytes_,
                           families);
    }

  private:
    static constexpr std::uint64_t stale_bits = 0x7ff0000000000002U;

    void count_series(protozero::pbf_reader series) {
        std::uint64_t hash = 0;
        std::string_view name;
        while (series.next()) {
            if (series.tag() == 1) {
                const protozero::data_view label = series.get_view();
                const std::string_view bytes(label.data(), label.size());
                hash = hash * 0x9E37'79B9'7F4A'7C15U + std::hash<std::string_view>{}(bytes);
                name_of(label, name);
            } else if (series.tag() == 2) {
                count_sample(series.get_message(), hash, name);
            } else {
                series.skip();
            }
        }
    }

    static void name_of(protozero::data_view label, std::string_view& name) {
        protozero::pbf_reader reader(label);
        bool is_name = false;
        while (reader.next()) {
            if (reader.tag() == 1) {
                const protozero::data_view text = reader.get_view();
                is_name = std::string_view(text.data(), text.size()) == "__name__";
            } else if (reader.tag() == 2 && is_name) {
                const protozero::data_view text = reader.get_view();
                name = std::string_view(text.data(), text.size());
            } else {
                reader.skip();
            }
        }
    }

    void count_sample(protozero::pbf_reader sample, std::uint64_t series, std::string_view name) {
        double value = 0;
        std::int64_t at_ms = 0;
        while (sample.next()) {
            if (sample.tag() == 1) {
                value = sample.get_double();
            } else if (sample.tag() == 2) {
                at_ms = sample.get_int64();
            } else {
                sample.skip();
            }
        }
        const auto [found, first] = newest_ms_.try_emplace(series, at_ms);
        if (!first) {
            not_newer_ += at_ms <= found->second ? 1U : 0U;
            found->second = std::max(found->second, at_ms);
        }
        if (std::bit_cast<std::uint64_t>(value) == stale_bits) {
            ++stale_;
            return;
        }
        ++samples_;
        const auto family = families_.find(name);
        if (family != families_.end()) {
            ++family->second;
        } else {
            families_.emplace(name, 1);
        }
    }

    std::uint64_t samples_ = 0;  // stale markers not among them
    std::uint64_t stale_ = 0;
    std::uint64_t not_newer_ = 0;  // of either: at the time of one before it, or older
    std::uint64_t requests_ = 0;
    std::uint64_t bytes_ = 0;
    std::unordered_map<std::uint64_t, std::int64_t> newest_ms_;  // by a hash of the labels
    std::map<std::string, std::uint64_t, std::less<>> families_;
};

}  // namespace weir::bench
