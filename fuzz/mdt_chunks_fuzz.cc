// Chunks: every chunk given is part of one message, dropped for one reason, or still held; a
// message of more than one chunk has the size that was said; memory is within the budget and all
// comes back.
#include "fuzz/record_checks.h"
#include "parsers/mdt_chunks.h"

namespace {

class Budget final : public weir::MdtChunkBudget {
  public:
    [[nodiscard]] bool charge(std::size_t bytes) override {
        if (bytes > limit - used) {
            return false;
        }
        used += bytes;
        return true;
    }

    void release(std::size_t bytes) override {
        WEIR_ASSERT(bytes <= used);
        used -= bytes;
    }

    static constexpr std::size_t limit = 200;
    std::size_t used = 0;
};

struct Account {
    std::uint64_t given = 0;
    std::uint64_t merged = 0;
    std::uint64_t dropped = 0;

    void add(const weir::MdtChunkStep& step) {
        merged += step.has_message ? step.chunks : 0;
        dropped += step.held_dropped;
        dropped += step.given_drop != weir::MdtChunkDrop::none ? 1U : 0U;
        WEIR_ASSERT((step.held_dropped > 0) == (step.held_drop != weir::MdtChunkDrop::none));
        WEIR_ASSERT(!step.has_message || step.given_drop == weir::MdtChunkDrop::none);
    }
};

constexpr std::string_view text =
    "\x0A\x02n1\x1A\x01sxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
    "{\"node_id_str\":\"n1\",\"encoding_path\":\"p\",\"data\":{}}yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy";

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Budget budget;
    Account account;
    {
        weir::MdtChunks chunks({.message_bytes_max = 100, .timeout_ns = 30}, budget);
        std::int64_t now_ns = 0;
        for (std::size_t at = 0; at + 4 <= size; at += 4) {
            now_ns += data[at] % 40;
            const std::size_t from = data[at] >= 128 ? data[at] % text.size() : 0;
            const weir::MdtDialoutArgs args{.req_id = data[at + 3] % 8,
                                            .data = text.substr(from, data[at + 1] % 64U),
                                            .total_size = static_cast<std::int8_t>(data[at + 2])};
            ++account.given;
            const weir::MdtChunkStep step = chunks.take(args, now_ns);
            account.add(step);
            WEIR_ASSERT(!step.has_message || args.total_size == 0 ||
                        step.message.size() == static_cast<std::size_t>(args.total_size));
            WEIR_ASSERT(account.given == account.merged + account.dropped + chunks.held());
            WEIR_ASSERT(chunks.charged_bytes() == budget.used);
            if (data[at + 3] >= 200) {
                chunks.release_message();
                WEIR_ASSERT(chunks.held() > 0 || budget.used == 0);
            }
        }
        account.add(chunks.end());
        WEIR_ASSERT(account.given == account.merged + account.dropped && chunks.held() == 0);
    }
    WEIR_ASSERT(budget.used == 0);
    return 0;
}
