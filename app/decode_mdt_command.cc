#include "app/decode_mdt_command.h"

#include "parsers/mdt_chunks.h"
#include "parsers/mdt_dialout.h"
#include "parsers/mdt_framing.h"
#include "parsers/mdt_message.h"
#include "pipeline/metric_families.h"

#include <fmt/format.h>

#include <algorithm>
#include <istream>
#include <iterator>
#include <map>
#include <memory>
#include <ostream>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace weir {

namespace {

// Hashes of one run of a command: nobody aims at them.
constexpr std::uint64_t hash_seed = 1;

// Backslashes and line feeds, and in labels quotes, are escaped (exposition format 0.0.4).
void append_escaped(std::string_view text, bool label, std::string& out) {
    for (const char c : text) {
        if (c == '\n') {
            out += "\\n";
            continue;
        }
        if (c == '\\' || (label && c == '"')) {
            out += '\\';
        }
        out += c;
    }
}

void append_labels(std::span<const MetricLabel> labels, std::string& out) {
    char before = '{';
    for (const MetricLabel& label : labels) {
        out += before;
        out += label.name;
        out += "=\"";
        append_escaped(label.value, true, out);
        out += '"';
        before = ',';
    }
    out += labels.empty() ? "" : "}";
}

// Collects what rows become, by family, and writes it at the end.
class Printer final : public MetricSink {
  public:
    void sample(const MetricSample& sample) override {
        Family& family = families_[sample.family->name];
        family.facts = sample.family;
        std::string line = sample.family->name;
        append_labels(sample.labels, line);
        line += fmt::format(" {} {}\n", sample.value, sample.timestamp_ms);
        family.lines.push_back(std::move(line));
    }

    void vanish(const MetricSelector& gone) override {
        std::string line = "# gone ";
        line += gone.name;
        append_labels(gone.labels, line);
        notes_.push_back(line + fmt::format(" {}\n", gone.timestamp_ms));
    }

    void event(const TelemetryEvent& event) override {
        notes_.push_back(fmt::format("# event {} {}\n", event.timestamp_ms, event.line));
    }

    void skip(LeafSkip reason, std::uint64_t leaves) override { skips_[reason] += leaves; }

    void print(std::ostream& out) const {
        for (const auto& [name, family] : families_) {
            std::string head = fmt::format("# HELP {} ", name);
            append_escaped(family.facts->help, false, head);
            head += fmt::format("\n# TYPE {} {}\n", name, metric_type_name(family.facts->type));
            out << head;
            for (const std::string& line : family.lines) {
                out << line;
            }
        }
        for (const std::string& note : notes_) {
            out << note;
        }
    }

    [[nodiscard]] const std::map<LeafSkip, std::uint64_t>& skips() const { return skips_; }

  private:
    struct Family {
        const MetricFamily* facts = nullptr;
        std::vector<std::string> lines;
    };

    std::map<std::string, Family> families_;
    std::vector<std::string> notes_;
    std::map<LeafSkip, std::uint64_t> skips_;
};

// Hands rows to the mapper.
class Decoder final : public TelemetryReader {
  public:
    Decoder(const DecodeMdtOptions& options, std::ostream& errors)
        : options_(options),
          errors_(errors),
          mapper_(families_, std::make_shared<const TelemetryMapping>(options.mapping), hash_seed) {
    }

    void decode(std::string_view message, MdtBody body) {
        ++messages_;
        if (options_.encoding != MdtBody::any) {
            body = options_.encoding;
        }
        read_mdt(message, body, {}, scratch_, *this);
    }

    void begin(const TelemetryHeader& header) override {
        header_ = header;
        node_ = header.node_id.empty() ? "unknown" : header.node_id;
    }

    void row(const TelemetryRow& row) override {
        const std::uint64_t stamp =
            row.timestamp_ms != 0 ? row.timestamp_ms : header_.msg_timestamp_ms;
        const auto sent = static_cast<std::int64_t>(std::min<std::uint64_t>(stamp, INT64_MAX));
        const MetricLabel device{.name = "device", .value = node_};
        const TelemetrySource source{.labels = {&device, 1},
                                     .received_ms = options_.received_ms.value_or(sent)};
        mapper_.map(header_, row, source, printer_);
    }

    void defect(TelemetryDefect defect, std::uint64_t count) override {
        errors_ << fmt::format("message {}: {} ({})\n", messages_, telemetry_defect_name(defect),
                               count);
        const bool broken = defect == TelemetryDefect::truncated ||
                            defect == TelemetryDefect::bad_wire ||
                            defect == TelemetryDefect::bad_json;
        status_ = broken ? 1 : status_;
    }

    void fault(std::string_view text) {
        errors_ << fmt::format("message {}: {}\n", messages_ + 1, text);
        status_ = 1;
    }

    [[nodiscard]] int finish(std::ostream& out) {
        printer_.print(out);
        const std::vector<TelemetrySkippedPath> skipped = mapper_.skipped_paths();
        for (const auto& [reason, leaves] : printer_.skips()) {
            errors_ << fmt::format("skipped {}: {} leaves\n", leaf_skip_name(reason), leaves);
            for (const TelemetrySkippedPath& path : skipped) {
                if (path.reason == reason) {
                    errors_ << fmt::format("  {} ({})\n", path.schema, path.leaves);
                }
            }
        }
        const TelemetryMapperCounts& counts = mapper_.counts();
        if (counts.clock_skewed > 0) {
            errors_ << fmt::format("clock_skewed: {} rows\n", counts.clock_skewed);
        }
        if (counts.precision_lost > 0) {
            errors_ << fmt::format("precision_lost: {} samples\n", counts.precision_lost);
        }
        if (counts.name_clashes > 0) {
            errors_ << fmt::format("name_clashes: {}\n", counts.name_clashes);
        }
        return status_;
    }

  private:
    const DecodeMdtOptions& options_;
    std::ostream& errors_;
    MetricFamilies families_;
    TelemetryMapper mapper_;
    MdtScratch scratch_;
    Printer printer_;
    TelemetryHeader header_;
    std::string node_;
    std::size_t messages_ = 0;
    int status_ = 0;
};

// As much memory as the file has bytes is there already.
class FileBudget final : public MdtChunkBudget {
  public:
    [[nodiscard]] bool charge(std::size_t /*bytes*/) override { return true; }

    void release(std::size_t /*bytes*/) override {}
};

std::uint32_t big_endian(std::string_view bytes) {
    std::uint32_t number = 0;
    for (const char c : bytes.substr(0, 4)) {
        number = number << 8U | static_cast<unsigned char>(c);
    }
    return number;
}

// gRPC's length-prefixed messages: a flag for compression, four bytes of length.
constexpr std::size_t grpc_prefix_bytes = 5;

bool has_grpc_prefix(std::string_view bytes) {
    return bytes.size() >= grpc_prefix_bytes && (bytes[0] == 0 || bytes[0] == 1) &&
           big_endian(bytes.substr(1)) <= bytes.size() - grpc_prefix_bytes;
}

void take_args(std::string_view bytes, MdtChunks& chunks, Decoder& decoder, std::ostream& errors) {
    MdtDialoutArgs args;
    if (!read_mdt_dialout(bytes, args)) {
        decoder.fault("no MdtDialoutArgs");
        return;
    }
    if (!args.errors.empty()) {
        errors << fmt::format("the device says: {}\n", args.errors);
    }
    if (args.data.empty()) {
        return;
    }
    const MdtChunkStep step = chunks.take(args, 0);
    for (const MdtChunkDrop drop : {step.held_drop, step.given_drop}) {
        if (drop != MdtChunkDrop::none) {
            decoder.fault(fmt::format("chunk dropped: {}", mdt_chunk_drop_name(drop)));
        }
    }
    if (step.has_message) {
        decoder.decode(step.message, MdtBody::any);
    }
    chunks.release_message();
}

void read_grpc(const DecodeMdtOptions& options, std::string_view bytes, Decoder& decoder,
               std::ostream& errors) {
    FileBudget budget;
    MdtChunks chunks({.message_bytes_max = options.message_bytes_max}, budget);
    if (!has_grpc_prefix(bytes)) {
        take_args(bytes, chunks, decoder, errors);
    }
    while (has_grpc_prefix(bytes)) {
        const std::size_t length = big_endian(bytes.substr(1));
        const std::string_view message = bytes.substr(grpc_prefix_bytes, length);
        if (bytes[0] == 1) {
            decoder.fault("compressed; record it uncompressed");
        } else {
            take_args(message, chunks, decoder, errors);
        }
        bytes.remove_prefix(grpc_prefix_bytes + length);
        if (!bytes.empty() && !has_grpc_prefix(bytes)) {
            decoder.fault("the file ends within a message");
        }
    }
    if (chunks.end().held_dropped > 0) {
        decoder.fault("the file ends within a chunked message");
    }
}

void read_tcp(const DecodeMdtOptions& options, std::string_view bytes, Decoder& decoder) {
    MdtFramer framer(options.message_bytes_max);
    while (!bytes.empty()) {
        const MdtFramingStep step = framer.next(bytes);
        if (step.error != MdtFramingError::none) {
            decoder.fault(mdt_framing_error_name(step.error));
            return;
        }
        if (step.oversize) {
            decoder.fault("message too long");
        }
        if (step.has_frame) {
            decoder.decode(step.frame, step.body);
        }
        if (step.consumed == 0) {
            break;
        }
        bytes.remove_prefix(step.consumed);
    }
    if (!bytes.empty() || !framer.between_messages()) {
        decoder.fault("the file ends within a message");
    }
}

}  // namespace

int run_decode_mdt_command(const DecodeMdtOptions& options, std::istream& in, std::ostream& out,
                           std::ostream& errors) {
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    Decoder decoder(options, errors);
    switch (options.capture) {
        case MdtCapture::raw:
            decoder.decode(bytes, MdtBody::any);
            break;
        case MdtCapture::grpc:
            read_grpc(options, bytes, decoder, errors);
            break;
        case MdtCapture::tcp:
            read_tcp(options, bytes, decoder);
            break;
    }
    const int status = decoder.finish(out);
    out.flush();
    return out ? status : 1;
}

std::optional<MdtCapture> mdt_capture_from_name(std::string_view name) {
    if (name == "raw") {
        return MdtCapture::raw;
    }
    if (name == "grpc") {
        return MdtCapture::grpc;
    }
    return name == "tcp" ? std::optional(MdtCapture::tcp) : std::nullopt;
}

std::optional<MdtBody> mdt_encoding_from_name(std::string_view name) {
    if (name == "auto") {
        return MdtBody::any;
    }
    if (name == "kvgpb") {
        return MdtBody::gpb;
    }
    return name == "json" ? std::optional(MdtBody::json) : std::nullopt;
}

}  // namespace weir
