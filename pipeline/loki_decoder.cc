#include "pipeline/loki_decoder.h"

#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>
#include <snappy.h>

#include <limits>
#include <utility>

namespace weir {

namespace {

// What is left of the bounds while one request is read.
struct Allowance {
    std::size_t records = loki_push_records_max;
    std::size_t streams = loki_push_streams_max;
};

std::string to_string(protozero::data_view view) {
    return {view.data(), view.size()};
}

Result<Timestamp> read_timestamp(protozero::pbf_reader message) {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case protozero::tag_and_type(1, protozero::pbf_wire_type::varint):
                seconds = message.get_int64();
                break;
            case protozero::tag_and_type(2, protozero::pbf_wire_type::varint):
                nanos = message.get_int32();
                break;
            default:
                message.skip();
        }
    }
    constexpr std::int64_t seconds_max = std::numeric_limits<std::int64_t>::max() / ns_per_s - 1;
    if (seconds > seconds_max || seconds < -seconds_max || nanos < 0 || nanos >= ns_per_s) {
        return fail("entry timestamp out of range");
    }
    return Timestamp{seconds * ns_per_s + nanos};
}

LokiMetadata read_metadata(protozero::pbf_reader message) {
    LokiMetadata pair;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited):
                pair.name = to_string(message.get_view());
                break;
            case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
                pair.value = to_string(message.get_view());
                break;
            default:
                message.skip();
        }
    }
    return pair;
}

Result<LokiEntry> read_entry(protozero::pbf_reader message) {
    LokiEntry entry;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited): {
                const Result<Timestamp> timestamp = read_timestamp(message.get_message());
                if (!timestamp) {
                    return fail(timestamp.error().message);
                }
                entry.timestamp = *timestamp;
                break;
            }
            case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited):
                entry.line = to_string(message.get_view());
                break;
            case protozero::tag_and_type(3, protozero::pbf_wire_type::length_delimited):
                entry.metadata.push_back(read_metadata(message.get_message()));
                break;
            default:
                message.skip();
        }
    }
    return entry;
}

Result<LokiStream> read_stream(protozero::pbf_reader message, Allowance& allowance) {
    LokiStream stream;
    while (message.next()) {
        switch (message.tag_and_type()) {
            case protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited):
                stream.labels = to_string(message.get_view());
                break;
            case protozero::tag_and_type(2, protozero::pbf_wire_type::length_delimited): {
                if (allowance.records == 0) {
                    return fail("too many entries in one push request");
                }
                --allowance.records;
                Result<LokiEntry> entry = read_entry(message.get_message());
                if (!entry) {
                    return fail(entry.error().message);
                }
                stream.entries.push_back(std::move(*entry));
                break;
            }
            default:
                message.skip();
        }
    }
    return stream;
}

Result<LokiPush> read_push(std::string_view raw) {
    LokiPush push;
    Allowance allowance;
    protozero::pbf_reader message{raw.data(), raw.size()};
    while (message.next()) {
        if (message.tag_and_type() !=
            protozero::tag_and_type(1, protozero::pbf_wire_type::length_delimited)) {
            message.skip();
            continue;
        }
        if (allowance.streams == 0) {
            return fail("too many streams in one push request");
        }
        --allowance.streams;
        Result<LokiStream> stream = read_stream(message.get_message(), allowance);
        if (!stream) {
            return fail(stream.error().message);
        }
        push.streams.push_back(std::move(*stream));
    }
    return push;
}

}  // namespace

std::uint32_t LokiPush::records() const {
    std::size_t total = 0;
    for (const LokiStream& stream : streams) {
        total += stream.entries.size();
    }
    return static_cast<std::uint32_t>(total);
}

Result<LokiPush> decode_loki_push_raw(std::string_view raw) {
    if (raw.size() > loki_push_raw_bytes_max) {
        return fail("push request is too large");
    }
    // protozero reports a cut-off or malformed field by exception; it ends here.
    try {
        return read_push(raw);
    } catch (const protozero::exception& error) {
        return fail(std::string("malformed push request: ") + error.what());
    }
}

Result<LokiPush> decode_loki_push(std::string_view body) {
    std::size_t raw_bytes = 0;
    if (!snappy::GetUncompressedLength(body.data(), body.size(), &raw_bytes)) {
        return fail("not a snappy block");
    }
    if (raw_bytes > loki_push_raw_bytes_max) {
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
    return decode_loki_push_raw(raw);
}

}  // namespace weir
