// Framing: however the stream is cut into reads, the same frames come out; progress is always made
// once the buffer holds what the contract says; frames lie inside it and respect the limit.
#include "fuzz/record_checks.h"
#include "parsers/framing.h"

#include <string>
#include <vector>

namespace {

struct Outcome {
    std::vector<std::string> frames;
    std::size_t consumed = 0;
};

// Feeds `stream` in reads of the sizes that `cuts` says.
Outcome run(std::string_view stream, weir::Framer::Options options, std::string_view cuts) {
    Outcome outcome;
    weir::Framer framer(options);
    const std::size_t capacity = weir::Framer::buffer_bytes_needed(options.message_bytes_max);
    std::string buffer;
    std::size_t fed = 0;
    std::size_t cut = 0;
    while (true) {
        const bool end = fed == stream.size();
        const weir::FramingStep step = framer.next(buffer, end);
        WEIR_ASSERT(step.consumed <= buffer.size());
        WEIR_ASSERT(!step.has_frame || step.consumed > 0);
        if (step.has_frame) {
            weir::fuzz::check_inside(buffer, step.frame);
            WEIR_ASSERT(!step.frame.empty() && step.frame.size() <= options.message_bytes_max);
            outcome.frames.push_back(std::string(step.frame) + '|' + step.defects.to_string() +
                                     (step.octet_counted ? "|octet" : ""));
        }
        if (step.dropped) {
            outcome.frames.emplace_back("dropped");
        }
        outcome.consumed += step.consumed;
        buffer.erase(0, step.consumed);
        if (step.consumed > 0) {
            continue;
        }
        WEIR_ASSERT(buffer.size() < capacity);
        if (end) {
            break;
        }
        std::size_t size = cuts.empty() ? capacity : static_cast<unsigned char>(cuts[cut]) % 32 + 1;
        cut = cuts.empty() ? 0 : (cut + 1) % cuts.size();
        size = std::min({size, stream.size() - fed, capacity - buffer.size()});
        buffer.append(stream.substr(fed, size));
        fed += size;
    }
    WEIR_ASSERT(buffer.empty() && outcome.consumed == stream.size());
    return outcome;
}

// A session whose memory is refused goes on with the limit that its buffer has: whatever the framer
// has seen by then, that must make progress, and nothing may be lost track of.
void run_squeezed(std::string_view stream, weir::Framer::Options options, std::size_t capacity) {
    weir::Framer framer(options);
    std::string buffer;
    std::size_t fed = 0;
    while (true) {
        const bool end = fed == stream.size();
        weir::FramingStep step = framer.next(buffer, end);
        if (step.consumed == 0 && !end && buffer.size() >= capacity) {
            weir::Framer::Options squeezed = options;
            squeezed.message_bytes_max = buffer.size() - weir::Framer::buffer_bytes_needed(0);
            framer.set_options(squeezed);
            step = framer.next(buffer, false);
            framer.set_options(options);
            WEIR_ASSERT(step.consumed > 0);
            WEIR_ASSERT(step.frame.size() <= squeezed.message_bytes_max);
        }
        WEIR_ASSERT(step.consumed <= buffer.size());
        buffer.erase(0, step.consumed);
        if (step.consumed > 0) {
            continue;
        }
        if (end) {
            break;
        }
        const std::size_t size = std::min(stream.size() - fed, capacity - buffer.size());
        buffer.append(stream.substr(fed, size));
        fed += size;
    }
    WEIR_ASSERT(buffer.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size < 4) {
        return 0;
    }
    const std::string_view input = weir::fuzz::as_text(data, size);
    weir::Framer::Options options;
    options.message_bytes_max = 4 + data[0] % 64U;
    options.oversize = data[1] % 2 == 0 ? weir::Oversize::truncate : weir::Oversize::drop;
    options.mode = static_cast<weir::FramingMode>(data[2] % 4);
    const std::size_t cuts = data[3] % 8U;
    const std::string_view stream = input.substr(4);
    const Outcome whole = run(stream, options, {});
    const Outcome split = run(stream, options, stream.substr(0, cuts));
    const Outcome bytes = run(stream, options, std::string_view("\0", 1));
    WEIR_ASSERT(whole.frames == split.frames);
    WEIR_ASSERT(whole.frames == bytes.frames);
    options.message_bytes_max = 300;
    run_squeezed(stream, options, 36 + data[3] % 64U);
    return 0;
}
