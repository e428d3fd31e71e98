// One frozen batch on its way to Mimir: the pieces that are still to be asked about, and how the
// samples of the others ended. Pure; the delivery sends what piece() says.
#pragma once

#include "pipeline/batch.h"
#include "pipeline/log.h"
#include "pipeline/remote_write.h"
#include "sinks/reason.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

// Value. One request to be sent.
struct MimirPiece {
    std::optional<WriteRequest> request;  // none: the batch as it was frozen
    std::uint32_t samples = 0;
    std::uint32_t series = 0;
    std::uint32_t rate_limited = 0;   // 429s, in a row
    std::uint32_t named = 0;          // series that were taken out, one after the other
    bool halved_undecodable = false;  // half of one that the server could not decode
};

// Value. Pieces come in the batch's order. A batch never has two samples of one series, so that it
// does no harm to ask again about what is stored already.
class MimirWork {
  public:
    // After so many requests for one batch, what is not settled yet counts as refused.
    static constexpr std::uint32_t requests_max = 64;

    explicit MimirWork(BatchPtr batch);

    [[nodiscard]] const BatchPtr& batch() const { return batch_; }

    // Nothing is left to ask about: the outcome has every sample of the batch.
    [[nodiscard]] bool done() const { return pieces_.empty(); }

    [[nodiscard]] MimirPiece& piece() { return pieces_.back(); }

    [[nodiscard]] const Outcome& outcome() const { return outcome_; }

    // What the piece is, decoded; null for a batch that cannot be read back.
    [[nodiscard]] const WriteRequest* read();

    // A series that is known to be refused: the server named it, or it was asked about alone.
    using OnRefused = std::function<void(const WrittenSeries&)>;
    // Why a series is not to be sent; nothing if it is.
    using WhyNot = std::function<std::optional<Reason>(const WrittenSeries&)>;

    // Drops what is not to be sent of the piece, counted by reason. The rest, if any, stays.
    std::map<Reason, std::uint64_t> drop_known(const WhyNot& why_not);

    // Each of these ends the piece, whole or but for what is asked about again. They return the
    // samples that ended as dropped.
    void delivered();
    std::uint64_t drop(Reason reason);
    // So many of its samples are refused, the others stored.
    std::uint64_t refused(std::uint64_t samples, Reason reason);
    // Some are, which is found out: what the server names in `words`, or else by halving.
    std::uint64_t find_refused(Reason reason, std::string_view words,
                               const OnRefused& on_refused = {});
    // Two halves are asked about, whatever became of the whole; a lone series is dropped.
    std::uint64_t split(Reason reason);

  private:
    [[nodiscard]] bool may_ask(std::uint32_t requests);
    std::uint64_t count_dropped(Reason reason, std::uint64_t samples);
    [[nodiscard]] std::optional<std::size_t> named_in(std::string_view words) const;
    void halve();
    void push(WriteRequest request, const MimirPiece& from);

    BatchPtr batch_;
    Outcome outcome_;
    std::vector<MimirPiece> pieces_;  // the next one last
    std::uint32_t extra_requests_ = 0;
};

}  // namespace weir
