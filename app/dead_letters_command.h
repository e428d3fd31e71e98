// `weir dead-letters`: what endpoints refused for good, shown, sent again or removed; while weir
// runs and when it does not.
#pragma once

#include "sinks/dead_letter_db.h"

#include <chrono>
#include <cstddef>
#include <iosfwd>
#include <optional>
#include <string>

namespace weir {

// Value. Where the letters are: `file`, or else what the configuration says.
struct DeadLettersPlace {
    std::string config_file;
    std::string file;
};

struct DeadLettersListOptions {
    DeadLettersPlace place;
    LetterSelection selection;
    std::optional<std::size_t> letters_max;  // none: 100 in the table, all as JSON; 0: all
    bool json = false;
};

struct DeadLettersPurgeOptions {
    DeadLettersPlace place;
    LetterSelection selection;
    bool all = false;
};

struct DeadLettersReplayOptions {
    DeadLettersPlace place;  // config_file is a must: the endpoints are in it
    LetterSelection selection;
    std::chrono::milliseconds timeout{std::chrono::seconds(60)};
};

// All return the exit status: 0 when done, 1 when the letters cannot be read, 2 when the command
// asks for nothing that makes sense.

// A table, or one JSON object a line; then how many there are by endpoint and reason.
[[nodiscard]] int run_dead_letters_list(const DeadLettersListOptions& options, std::ostream& out,
                                        std::ostream& messages);
// All there is of the letters of the selection's ids, the line as it is. 1 when one is not there.
[[nodiscard]] int run_dead_letters_show(const DeadLettersPlace& place,
                                        const LetterSelection& selection, std::ostream& out,
                                        std::ostream& messages);
// Removes the selection and gives the space back.
[[nodiscard]] int run_dead_letters_purge(const DeadLettersPurgeOptions& options, std::ostream& out,
                                         std::ostream& messages);
// Sends letters to the endpoints they were for, and removes those that were taken. 0 only when none
// of them is left.
[[nodiscard]] int run_dead_letters_replay(const DeadLettersReplayOptions& options,
                                          std::ostream& out, std::ostream& messages);

}  // namespace weir
