#include "pipeline/remote_write_v2.h"

#include <protozero/pbf_writer.hpp>
#include <snappy.h>

#include <cstdint>
#include <unordered_map>
#include <vector>

namespace weir {

namespace {

// Numbers texts in the order they are met; the empty text is number 0.
class Symbols {
  public:
    Symbols() { static_cast<void>(number({})); }

    [[nodiscard]] std::uint32_t number(std::string_view text) {
        const auto [known, is_new] =
            numbers_.try_emplace(text, static_cast<std::uint32_t>(texts_.size()));
        if (is_new) {
            texts_.push_back(text);
        }
        return known->second;
    }

    [[nodiscard]] const std::vector<std::string_view>& texts() const { return texts_; }

  private:
    std::unordered_map<std::string_view, std::uint32_t> numbers_;
    std::vector<std::string_view> texts_;
};

// The metadata of a request by family.
class Families {
  public:
    Families(const WriteRequest& request, const FamilyLookup& lookup) : lookup_(lookup) {
        for (const FamilyMetadata& metadata : request.metadata) {
            own_.insert_or_assign(metadata.family, &metadata);
        }
    }

    [[nodiscard]] const FamilyMetadata* find(std::string_view name) const {
        const auto own = own_.find(name);
        if (own != own_.end()) {
            return own->second;
        }
        return lookup_ ? lookup_(name) : nullptr;
    }

  private:
    const FamilyLookup& lookup_;
    std::unordered_map<std::string_view, const FamilyMetadata*> own_;
};

void write_series(protozero::pbf_writer& request, const WrittenSeries& series,
                  const FamilyMetadata* metadata, Symbols& symbols) {
    std::vector<std::uint32_t> label_numbers;
    label_numbers.reserve(2 * series.labels.size());
    for (const MetricLabel& label : series.labels) {
        label_numbers.push_back(symbols.number(label.name));
        label_numbers.push_back(symbols.number(label.value));
    }
    protozero::pbf_writer message{request, 5};
    message.add_packed_uint32(1, label_numbers.begin(), label_numbers.end());
    for (const SeriesSample& sample : series.samples) {
        protozero::pbf_writer written{message, 2};
        written.add_double(1, sample.value);
        written.add_int64(2, sample.timestamp_ms);
    }
    if (metadata != nullptr) {
        protozero::pbf_writer written{message, 5};
        written.add_enum(1, static_cast<std::int32_t>(metadata->type));
        written.add_uint32(3, symbols.number(metadata->help));
        written.add_uint32(4, symbols.number(metadata->unit));
    }
}

}  // namespace

std::string encode_write_request_v2_raw(const WriteRequest& request, const FamilyLookup& lookup) {
    const Families families(request, lookup);
    Symbols symbols;
    std::string series_bytes;
    {
        protozero::pbf_writer message{series_bytes};
        for (const WrittenSeries& series : request.series) {
            if (!series.samples.empty()) {
                write_series(message, series, families.find(series.name()), symbols);
            }
        }
    }
    std::string raw;
    protozero::pbf_writer message{raw};
    for (const std::string_view text : symbols.texts()) {
        message.add_string(4, text.data(), text.size());
    }
    raw += series_bytes;
    return raw;
}

std::string encode_write_request_v2(const WriteRequest& request, const FamilyLookup& lookup) {
    const std::string raw = encode_write_request_v2_raw(request, lookup);
    std::string body;
    snappy::Compress(raw.data(), raw.size(), &body);
    return body;
}

}  // namespace weir
