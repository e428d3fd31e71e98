#include "pipeline/remote_write.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <protozero/pbf_writer.hpp>
#include <snappy.h>

#include <algorithm>
#include <limits>
#include <utility>

namespace weir {

namespace {

constexpr auto text_1 = protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited);
constexpr auto text_2 = protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited);
constexpr auto text_3 = protozero::tag_and_type(3, protozero::pbf_wire_type::length_delimited);
constexpr auto text_4 = protozero::tag_and_type(4, protozero::pbf_wire_type::length_delimited);
constexpr auto text_5 = protozero::tag_and_type(5, protozero::pbf_wire_type::length_delimited);
constexpr auto varint_1 = protozero::tag_and_type(1, protozero::pbf_wire_type::varint);
constexpr auto varint_2 = protozero::tag_and_type(2, protozero::pbf_wire_type::varint);
constexpr auto fixed_1 = protozero::tag_and_type(1, protozero::pbf_wire_type::fixed64);

std::string_view to_view(protozero::data_view view) {
    return {view.data(), view.size()};
}

// What is left of the bounds while one request is read.
struct Allowance {
    std::size_t series = write_request_series_max;
    std::size_t samples = write_request_samples_max;
    std::size_t labels = write_request_labels_max;

    [[nodiscard]] static bool take(std::size_t& left) {
        if (left == 0) {
            return false;
        }
        --left;
        return true;
    }
};

MetricLabel read_label(protozero::pbf_reader message) {
    MetricLabel label;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case text_1:
                label.name = to_view(message.get_view());
                break;
            case text_2:
                label.value = to_view(message.get_view());
                break;
            default:
                message.skip();
        }
    }
    return label;
}

SeriesSample read_sample(protozero::pbf_reader message) {
    SeriesSample sample;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case fixed_1:
                sample.value = message.get_double();
                break;
            case varint_2:
                sample.timestamp_ms = message.get_int64();
                break;
            default:
                message.skip();
        }
    }
    return sample;
}

Result<WrittenSeries> read_series(protozero::pbf_reader message, Allowance& allowance) {
    WrittenSeries series;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case text_1:
                if (!Allowance::take(allowance.labels)) {
                    return fail("too many labels in one write request");
                }
                series.labels.push_back(read_label(message.get_message()));
                break;
            case text_2:
                if (!Allowance::take(allowance.samples)) {
                    return fail("too many samples in one write request");
                }
                series.samples.push_back(read_sample(message.get_message()));
                break;
            default:
                message.skip();
        }
    }
    return series;
}

FamilyMetadata read_metadata(protozero::pbf_reader message) {
    FamilyMetadata metadata;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case varint_1:
                metadata.type = static_cast<std::uint32_t>(message.get_enum());
                break;
            case text_2:
                metadata.family = to_view(message.get_view());
                break;
            case text_4:
                metadata.help = to_view(message.get_view());
                break;
            case text_5:
                metadata.unit = to_view(message.get_view());
                break;
            default:
                message.skip();
        }
    }
    return metadata;
}

Result<void> read_request(WriteRequest& request) {
    Allowance allowance;
    protozero::pbf_reader message{request.bytes->data(), request.bytes->size()};
    while (message.next()) {
        const auto field = message.tag_and_type();
        if (field != text_1 && field != text_3) {
            message.skip();
            continue;
        }
        if (!Allowance::take(allowance.series)) {
            return fail("too many series in one write request");
        }
        if (field == text_3) {
            request.metadata.push_back(read_metadata(message.get_message()));
            continue;
        }
        Result<WrittenSeries> series = read_series(message.get_message(), allowance);
        if (!series) {
            return fail(series.error().message);
        }
        request.series.push_back(std::move(*series));
    }
    return {};
}

// --- Writing without an object in between ---

constexpr std::size_t varint_bytes_max = 10;

std::size_t varint_bytes(std::uint64_t value) {
    std::size_t bytes = 1;
    for (; value >= 0x80U; value >>= 7U) {
        ++bytes;
    }
    return bytes;
}

char* put_varint(std::uint64_t value, char* to) {
    for (; value >= 0x80U; value >>= 7U) {
        *to++ = static_cast<char>(value | 0x80U);
    }
    *to++ = static_cast<char>(value);
    return to;
}

// Tag of a length-delimited field below 16.
constexpr char text_tag(unsigned field) {
    return static_cast<char>(field << 3U | 2U);
}

char* put_text(unsigned field, std::string_view text, char* to) {
    *to++ = text_tag(field);
    to = put_varint(text.size(), to);
    return std::copy(text.begin(), text.end(), to);
}

std::size_t text_bytes(std::string_view text) {
    return text.empty() ? 0 : 1 + varint_bytes(text.size()) + text.size();
}

char* put_text_if_any(unsigned field, std::string_view text, char* to) {
    return text.empty() ? to : put_text(field, text, to);
}

void write_labels(protozero::pbf_writer& series, const std::vector<MetricLabel>& labels) {
    for (const MetricLabel& label : labels) {
        protozero::pbf_writer message{series, 1};
        message.add_string(1, label.name.data(), label.name.size());
        message.add_string(2, label.value.data(), label.value.size());
    }
}

void write_sample(protozero::pbf_writer& series, const SeriesSample& sample) {
    protozero::pbf_writer message{series, 2};
    message.add_double(1, sample.value);
    message.add_int64(2, sample.timestamp_ms);
}

void write_metadata(protozero::pbf_writer& request, const FamilyMetadata& metadata) {
    protozero::pbf_writer message{request, 3};
    message.add_enum(1, static_cast<std::int32_t>(metadata.type));
    message.add_string(2, metadata.family.data(), metadata.family.size());
    message.add_string(4, metadata.help.data(), metadata.help.size());
    message.add_string(5, metadata.unit.data(), metadata.unit.size());
}

// A time that a sample claims may be any; the batch's is only for people and ages.
Timestamp from_ms(std::int64_t ms) {
    constexpr std::int64_t ms_max = std::numeric_limits<std::int64_t>::max() / ns_per_ms;
    return {std::clamp(ms, -ms_max, ms_max) * ns_per_ms};
}

}  // namespace

void append_series_label(std::string_view name, std::string_view value, WireBuffer& out) {
    const std::size_t bytes =
        2 + varint_bytes(name.size()) + name.size() + varint_bytes(value.size()) + value.size();
    char* to = out.reserve(1 + varint_bytes_max + bytes);
    *to++ = text_tag(1);
    to = put_varint(bytes, to);
    to = put_text(1, name, to);
    to = put_text(2, value, to);
    out.advance_to(to);
}

void append_series(std::string_view labels, double value, std::int64_t timestamp_ms,
                   WireBuffer& out) {
    const auto timestamp = static_cast<std::uint64_t>(timestamp_ms);
    const std::size_t sample_bytes = 1 + sizeof(double) + 1 + varint_bytes(timestamp);
    const std::size_t bytes = labels.size() + 1 + varint_bytes(sample_bytes) + sample_bytes;
    char* to = out.reserve(1 + varint_bytes_max + bytes);
    *to++ = text_tag(1);
    to = put_varint(bytes, to);
    to = std::copy(labels.begin(), labels.end(), to);
    *to++ = text_tag(2);
    to = put_varint(sample_bytes, to);
    *to++ = static_cast<char>(1U << 3U | 1U);  // 1: fixed64, little-endian
    auto bits = std::bit_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof bits; ++i, bits >>= 8U) {
        *to++ = static_cast<char>(bits & 0xffU);
    }
    *to++ = static_cast<char>(2U << 3U);  // 2: varint
    out.advance_to(put_varint(timestamp, to));
}

void append_family_metadata(const MetricFamily& family, WireBuffer& out) {
    const std::size_t bytes =
        2 + text_bytes(family.name) + text_bytes(family.help) + text_bytes(family.unit);
    char* to = out.reserve(1 + varint_bytes_max + bytes);
    *to++ = text_tag(3);
    to = put_varint(bytes, to);
    *to++ = static_cast<char>(1U << 3U);  // 1: varint
    *to++ = static_cast<char>(family.type);
    to = put_text_if_any(2, family.name, to);
    to = put_text_if_any(4, family.help, to);
    to = put_text_if_any(5, family.unit, to);
    out.advance_to(to);
}

std::unique_ptr<Batch> freeze_write_request(std::string_view raw, const WriteRequestFacts& facts,
                                            WireBuffer& scratch) {
    auto batch = std::make_unique<Batch>();
    scratch.clear();
    char* const compressed = scratch.reserve(snappy::MaxCompressedLength(raw.size()));
    std::size_t bytes = 0;
    snappy::RawCompress(raw.data(), raw.size(), compressed, &bytes);
    batch->body.assign(compressed, bytes);
    batch->raw_bytes = raw.size();
    batch->records = facts.samples;
    batch->streams = facts.series;
    batch->largest_stream_bytes = facts.largest_series_bytes;
    batch->oldest = from_ms(facts.oldest_ms);
    batch->newest = from_ms(facts.newest_ms);
    batch->first_received = facts.first_received;
    return batch;
}

std::string_view WrittenSeries::name() const {
    for (const MetricLabel& label : labels) {
        if (label.name == "__name__") {
            return label.value;
        }
    }
    return {};
}

std::uint32_t WriteRequest::samples() const {
    std::size_t total = 0;
    for (const WrittenSeries& one : series) {
        total += one.samples.size();
    }
    return static_cast<std::uint32_t>(total);
}

Result<WriteRequest> decode_write_request_raw(std::string raw) {
    if (raw.size() > write_request_raw_bytes_max) {
        return fail("write request is too large");
    }
    WriteRequest request;
    request.bytes = std::make_shared<const std::string>(std::move(raw));
    // protozero reports a cut-off or malformed field by exception; it ends here.
    try {
        if (Result<void> read = read_request(request); !read) {
            return fail(read.error().message);
        }
        return request;
    } catch (const protozero::exception& error) {
        return fail(std::string("malformed write request: ") + error.what());
    }
}

Result<WriteRequest> decode_write_request(std::string_view body) {
    std::size_t raw_bytes = 0;
    if (!snappy::GetUncompressedLength(body.data(), body.size(), &raw_bytes)) {
        return fail("not a snappy block");
    }
    if (raw_bytes > write_request_raw_bytes_max) {
        return fail("snappy block claims to hold too much");
    }
    // The claim in the header costs nothing to forge, so the block is checked before the memory.
    if (!snappy::IsValidCompressedBuffer(body.data(), body.size())) {
        return fail("damaged snappy block");
    }
    std::string raw;
    if (!snappy::Uncompress(body.data(), body.size(), &raw)) {
        return fail("damaged snappy block");
    }
    return decode_write_request_raw(std::move(raw));
}

std::string encode_write_request_raw(const WriteRequest& request) {
    std::string raw;
    protozero::pbf_writer message{raw};
    for (const WrittenSeries& series : request.series) {
        if (series.samples.empty()) {
            continue;
        }
        protozero::pbf_writer written{message, 1};
        write_labels(written, series.labels);
        for (const SeriesSample& sample : series.samples) {
            write_sample(written, sample);
        }
    }
    for (const FamilyMetadata& metadata : request.metadata) {
        write_metadata(message, metadata);
    }
    return raw;
}

std::string encode_write_request(const WriteRequest& request) {
    const std::string raw = encode_write_request_raw(request);
    std::string body;
    snappy::Compress(raw.data(), raw.size(), &body);
    return body;
}

std::unique_ptr<Batch> to_batch(const WriteRequest& request, Timestamp first_received) {
    WriteRequestFacts facts{.samples = request.samples(), .first_received = first_received};
    bool first = true;
    for (const WrittenSeries& series : request.series) {
        facts.series += series.samples.empty() ? 0U : 1U;
        for (const SeriesSample& sample : series.samples) {
            facts.oldest_ms =
                first ? sample.timestamp_ms : std::min(facts.oldest_ms, sample.timestamp_ms);
            facts.newest_ms =
                first ? sample.timestamp_ms : std::max(facts.newest_ms, sample.timestamp_ms);
            first = false;
        }
        // The largest in all, within a few bytes: what is compared is the room that labels take.
        std::size_t bytes = series.samples.size() * 20;
        for (const MetricLabel& label : series.labels) {
            bytes += label.name.size() + label.value.size() + 6;
        }
        facts.largest_series_bytes = std::max(facts.largest_series_bytes, bytes);
    }
    WireBuffer scratch;
    return freeze_write_request(encode_write_request_raw(request), facts, scratch);
}

WriteRequestPair split_by_series(WriteRequest request) {
    WriteRequestPair halves;
    halves.first.bytes = halves.second.bytes = request.bytes;
    halves.first.metadata = std::move(request.metadata);
    const std::size_t half = (request.samples() + 1U) / 2U;
    std::size_t taken = 0;
    for (WrittenSeries& series : request.series) {
        const bool to_first =
            halves.first.series.empty() ||
            (taken + series.samples.size() <= half && halves.second.series.empty());
        taken += series.samples.size();
        (to_first ? halves.first : halves.second).series.push_back(std::move(series));
    }
    return halves;
}

}  // namespace weir
