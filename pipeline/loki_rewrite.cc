#include "pipeline/loki_rewrite.h"

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>
#include <snappy.h>

#include <algorithm>
#include <iterator>

namespace weir {

namespace {

constexpr std::string_view truncation_marker = " [truncated]";

void write_entry(protozero::pbf_writer& stream, const LokiEntry& entry) {
    protozero::pbf_writer message{stream, 2};
    {
        // Floor division, so that times before 1970 keep their nanoseconds positive.
        std::int64_t seconds = entry.timestamp.unix_ns / ns_per_s;
        std::int64_t nanos = entry.timestamp.unix_ns % ns_per_s;
        if (nanos < 0) {
            nanos += ns_per_s;
            --seconds;
        }
        protozero::pbf_writer timestamp{message, 1};
        timestamp.add_int64(1, seconds);
        timestamp.add_int32(2, static_cast<std::int32_t>(nanos));
    }
    message.add_string(2, entry.line);
    for (const LokiMetadata& pair : entry.metadata) {
        protozero::pbf_writer metadata{message, 3};
        metadata.add_string(1, pair.name);
        metadata.add_string(2, pair.value);
    }
}

void note_entry(const LokiEntry& entry, EncodedPush& encoded) {
    if (encoded.records == 0) {
        encoded.oldest = encoded.newest = entry.timestamp;
    }
    encoded.oldest = std::min(encoded.oldest, entry.timestamp);
    encoded.newest = std::max(encoded.newest, entry.timestamp);
    encoded.line_bytes += entry.line.size();
    ++encoded.records;
}

void add_metadata_once(LokiEntry& entry, std::string_view name, std::string value) {
    const auto is_it = [name](const LokiMetadata& pair) { return pair.name == name; };
    if (std::none_of(entry.metadata.begin(), entry.metadata.end(), is_it)) {
        entry.metadata.push_back({std::string(name), std::move(value)});
    }
}

std::uint64_t fnv1a(std::string_view bytes) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char c : bytes) {
        hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
    }
    return hash;
}

bool is_continuation(char c) {
    return (static_cast<unsigned char>(c) & 0xc0U) == 0x80U;
}

// Length of the well-formed UTF-8 sequence at the front, 0 when there is none.
std::size_t sequence_bytes(std::string_view text) {
    const auto lead = static_cast<unsigned char>(text.front());
    const std::size_t length = lead < 0x80   ? 1
                               : lead < 0xc2 ? 0
                               : lead < 0xe0 ? 2
                               : lead < 0xf0 ? 3
                               : lead < 0xf5 ? 4
                                             : 0;
    if (length == 0 || text.size() < length) {
        return 0;
    }
    for (std::size_t i = 1; i < length; ++i) {
        if (!is_continuation(text[i])) {
            return 0;
        }
    }
    if (length >= 3) {
        // Overlong forms, surrogates and what lies above U+10FFFF show in the second byte.
        const auto second = static_cast<unsigned char>(text[1]);
        if ((lead == 0xe0 && second < 0xa0) || (lead == 0xed && second >= 0xa0) ||
            (lead == 0xf0 && second < 0x90) || (lead == 0xf4 && second >= 0x90)) {
            return 0;
        }
    }
    return length;
}

std::string valid_utf8(std::string_view text) {
    std::string out;
    while (!text.empty()) {
        const std::size_t length = sequence_bytes(text);
        if (length == 0) {
            out += "\xef\xbf\xbd";
            text.remove_prefix(1);
        } else {
            out += text.substr(0, length);
            text.remove_prefix(length);
        }
    }
    return out;
}

std::string valid_name(std::string_view name) {
    std::string out;
    for (const char c : name.substr(0, label_name_bytes_max - 1)) {
        const std::string so_far = out + c;
        out += is_valid_label_name(so_far) ? c : '_';
    }
    return out.empty() ? "_" : out;
}

}  // namespace

EncodedPush encode_loki_push(const LokiPush& push) {
    EncodedPush encoded;
    std::string raw;
    protozero::pbf_writer request{raw};
    for (const LokiStream& stream : push.streams) {
        if (stream.entries.empty()) {
            continue;
        }
        ++encoded.streams;
        protozero::pbf_writer message{request, 1};
        message.add_string(1, stream.labels);
        for (const LokiEntry& entry : stream.entries) {
            note_entry(entry, encoded);
            write_entry(message, entry);
        }
    }
    encoded.raw_bytes = raw.size();
    snappy::Compress(raw.data(), raw.size(), &encoded.body);
    return encoded;
}

std::unique_ptr<Batch> to_batch(const LokiPush& push, Timestamp first_received) {
    EncodedPush encoded = encode_loki_push(push);
    auto batch = std::make_unique<Batch>();
    batch->body = std::move(encoded.body);
    batch->raw_bytes = encoded.raw_bytes;
    batch->records = encoded.records;
    batch->streams = encoded.streams;
    batch->line_bytes = encoded.line_bytes;
    batch->oldest = encoded.oldest;
    batch->newest = encoded.newest;
    batch->first_received = first_received;
    return batch;
}

PushPair split_by_stream(LokiPush push) {
    PushPair halves;
    const std::size_t half = (push.records() + 1U) / 2U;
    std::size_t taken = 0;
    for (LokiStream& stream : push.streams) {
        const bool to_first =
            halves.first.streams.empty() ||
            (taken + stream.entries.size() <= half && halves.second.streams.empty());
        taken += stream.entries.size();
        (to_first ? halves.first : halves.second).streams.push_back(std::move(stream));
    }
    return halves;
}

PushPair split_by_entries(LokiPush push) {
    PushPair halves;
    std::size_t room = (push.records() + 1U) / 2U;
    for (LokiStream& stream : push.streams) {
        const std::size_t here = std::min(room, stream.entries.size());
        room -= here;
        if (here < stream.entries.size()) {
            LokiStream tail{stream.labels, {}};
            const auto cut = stream.entries.begin() + static_cast<std::ptrdiff_t>(here);
            tail.entries.assign(std::make_move_iterator(cut),
                                std::make_move_iterator(stream.entries.end()));
            stream.entries.erase(cut, stream.entries.end());
            halves.second.streams.push_back(std::move(tail));
        }
        if (!stream.entries.empty()) {
            halves.first.streams.push_back(std::move(stream));
        }
    }
    return halves;
}

PushPair partition_entries(LokiPush push, const EntryPredicate& predicate) {
    PushPair parts;
    for (LokiStream& stream : push.streams) {
        LokiStream yes{stream.labels, {}};
        LokiStream no{stream.labels, {}};
        for (LokiEntry& entry : stream.entries) {
            (predicate(stream, entry) ? yes : no).entries.push_back(std::move(entry));
        }
        if (!yes.entries.empty()) {
            parts.first.streams.push_back(std::move(yes));
        }
        if (!no.entries.empty()) {
            parts.second.streams.push_back(std::move(no));
        }
    }
    return parts;
}

void clamp_timestamp(LokiEntry& entry, Timestamp timestamp) {
    add_metadata_once(entry, "orig_ts", to_rfc3339(entry.timestamp));
    entry.timestamp = timestamp;
}

void set_stream_label(LokiStream& stream, std::string_view name, std::string_view value) {
    Result<Labels> labels = parse_loki_labels(stream.labels);
    if (!labels) {
        sanitise_labels(stream);
        labels = parse_loki_labels(stream.labels);
    }
    labels->insert_or_assign(std::string(name), std::string(value));
    stream.labels = to_loki_labels(*labels);
}

void truncate_line(LokiEntry& entry, std::size_t bytes_max, bool metadata_allowed) {
    if (entry.line.size() <= bytes_max) {
        return;
    }
    const std::string hash = fmt::format("{:016x}", fnv1a(entry.line));
    const std::string bytes = std::to_string(entry.line.size());
    std::string marker(truncation_marker);
    if (metadata_allowed) {
        add_metadata_once(entry, "line_hash", hash);
        add_metadata_once(entry, "line_bytes", bytes);
    } else if (std::string full =
                   fmt::format(" [truncated line_hash={} line_bytes={}]", hash, bytes);
               full.size() < bytes_max) {
        marker = std::move(full);
    }
    const bool marked = bytes_max > marker.size();
    std::size_t keep = marked ? bytes_max - marker.size() : bytes_max;
    while (keep > 0 && is_continuation(entry.line[keep])) {
        --keep;
    }
    entry.line.resize(keep);
    if (marked) {
        entry.line += marker;
    }
}

void fold_metadata(LokiEntry& entry) {
    for (const LokiMetadata& pair : entry.metadata) {
        entry.line += ' ';
        entry.line += pair.name;
        entry.line += "=\"";
        for (const char c : pair.value) {
            if (c == '"' || c == '\\') {
                entry.line += '\\';
            }
            entry.line += c == '\n' ? ' ' : c;
        }
        entry.line += '"';
    }
    entry.metadata.clear();
}

std::size_t metadata_bytes(const LokiEntry& entry) {
    std::size_t total = 0;
    for (const LokiMetadata& pair : entry.metadata) {
        total += pair.name.size() + pair.value.size();
    }
    return total;
}

void sanitise_labels(LokiStream& stream) {
    const Result<Labels> labels = parse_loki_labels(stream.labels);
    Labels clean;
    if (labels) {
        for (const auto& [name, value] : *labels) {
            if (!value.empty()) {
                clean.try_emplace(valid_name(name),
                                  valid_utf8(value.substr(0, label_value_bytes_max - 8)));
            }
        }
    }
    if (clean.empty()) {
        for (LokiEntry& entry : stream.entries) {
            add_metadata_once(entry, "orig_labels", valid_utf8(stream.labels));
        }
        clean.try_emplace("labels_unreadable", "true");
    }
    stream.labels = to_loki_labels(clean);
}

}  // namespace weir
