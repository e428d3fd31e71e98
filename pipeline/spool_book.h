// SpoolBook: what one endpoint has had of the log. Pure bookkeeping over batch numbers and record
// counts; the spool keeps it durable.
#pragma once

#include "pipeline/log.h"

#include <cstdint>
#include <map>
#include <string>

namespace weir {

// Value. One thread at a time.
//
// Every record of the log has a position: the number of records appended before it. A book ends
// batches in any order; its frontier is the last of the longest run of ended ones. Up to the
// frontier nothing is needed any more.
class SpoolBook {
  public:
    // Batches that follow each other, and the positions before the first and behind the last.
    struct Span {
        std::uint64_t last = 0;
        std::uint64_t begin = 0;
        std::uint64_t end = 0;
    };

    // What survives the process.
    struct State {
        std::uint64_t frontier = 0;           // batch number
        std::uint64_t frontier_position = 0;  // behind it
        std::map<std::uint64_t, Span> ended;  // above the frontier, by first number
        std::uint64_t appended = 0;
        Outcome ends;
        std::uint64_t given_up_out = 0;  // records of those out at or below the frontier
    };

    SpoolBook() = default;

    explicit SpoolBook(State state) : state_(std::move(state)) {}

    [[nodiscard]] const State& state() const { return state_; }

    // Value. The oldest batch that is neither ended nor out, and its position.
    struct Next {
        std::uint64_t number = 0;
        std::uint64_t position = 0;
    };

    [[nodiscard]] Next next() const {
        return next_from({.number = state_.frontier + 1, .position = state_.frontier_position});
    }

    // The oldest such batch at or behind a number whose position is known.
    [[nodiscard]] Next next_from(Next at) const;
    // Where the run of waiting batches that begins with `at` ends: what has ended or is out
    // behind it, or else `end`.
    [[nodiscard]] Next run_end(Next at, Next end) const;
    // Whether this number is still to be taken.
    [[nodiscard]] bool is_waiting(std::uint64_t number) const;

    [[nodiscard]] bool is_taken(std::uint64_t number) const { return !is_waiting(number); }

    // Whether nothing more will be asked of this number.
    [[nodiscard]] bool has_ended(std::uint64_t number) const {
        return !is_waiting(number) && !out_.contains(number);
    }

    void append(std::uint64_t records) { state_.appended += records; }

    // A batch that is waiting, of so many records, is out.
    void take(Next at, std::uint64_t records);
    // Ends a batch that is out.
    void settle(std::uint64_t number, const Outcome& outcome);
    // Ends batches that are all waiting, because nobody can give them any more.
    void lose(std::uint64_t first, const Span& span, const char* reason);
    // Ends all that waits up to `last`, behind which the position is `position`. Those that are out
    // stay out until they settle. Returns the records that were lost.
    std::uint64_t give_up(std::uint64_t last, std::uint64_t position, const char* reason);

    // Records not ended yet, when the log ends at `head_position`.
    [[nodiscard]] std::uint64_t queued(std::uint64_t head_position) const;

  private:
    void end(std::uint64_t first, const Span& span);
    // Moves the frontier over spans that adjoin it.
    void advance();

    State state_;
    std::map<std::uint64_t, Span> out_;
};

}  // namespace weir
