// Any bytes as a frozen batch, as a bare PushRequest and as label text: a value or an error, and
// what was decoded encodes and decodes to itself, also in halves.
#include "core/assert.h"
#include "pipeline/loki_decoder.h"
#include "pipeline/loki_rewrite.h"

#include <cstdint>
#include <string_view>

namespace {

void check_push(const weir::Result<weir::LokiPush>& push) {
    if (!push) {
        WEIR_ASSERT(!push.error().message.empty());
        return;
    }
    const weir::EncodedPush encoded = weir::encode_loki_push(*push);
    WEIR_ASSERT(encoded.records == push->records());
    const weir::Result<weir::LokiPush> again = weir::decode_loki_push(encoded.body);
    WEIR_ASSERT(again && again->records() == push->records());
    WEIR_ASSERT(weir::encode_loki_push(*again).body == encoded.body);
    const weir::PushPair by_entries = weir::split_by_entries(*again);
    WEIR_ASSERT(by_entries.first.records() + by_entries.second.records() == encoded.records);
    const weir::PushPair by_stream = weir::split_by_stream(*again);
    WEIR_ASSERT(by_stream.first.records() + by_stream.second.records() == encoded.records);
    for (weir::LokiStream stream : again->streams) {
        weir::sanitise_labels(stream);
        WEIR_ASSERT(weir::parse_loki_labels(stream.labels));
        for (weir::LokiEntry& entry : stream.entries) {
            weir::fold_metadata(entry);
            weir::truncate_line(entry, 16, true);
            WEIR_ASSERT(entry.line.size() <= 16);
        }
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_push(weir::decode_loki_push(bytes));
    check_push(weir::decode_loki_push_raw(bytes));
    if (const weir::Result<weir::Labels> labels = weir::parse_loki_labels(bytes)) {
        const weir::Result<weir::Labels> again =
            weir::parse_loki_labels(weir::to_loki_labels(*labels));
        WEIR_ASSERT(again && *again == *labels);
    }
    return 0;
}
