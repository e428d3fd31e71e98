// Opens the letters that a command means. Internal to the commands of `weir dead-letters`.
#pragma once

#include "app/config.h"
#include "app/dead_letters_command.h"

#include <iosfwd>
#include <optional>

namespace weir {

// Value. What a command works on.
struct OpenedPlace {
    std::optional<Config> config;    // when there is a configuration file
    std::optional<DeadLetterDb> db;  // none: see `exit_status`
    int exit_status = 1;             // 0: there are no letters, and that is no error
};

// Says what is wrong to `messages`. A configured file that is not there yet holds no letters; one
// that was named must be there.
[[nodiscard]] OpenedPlace open_place(const DeadLettersPlace& place, std::ostream& out,
                                     std::ostream& messages);

// Names to `messages` the ids of the selection that no letter has; false when there are any.
[[nodiscard]] bool all_are_there(const LetterSelection& selection, DeadLetterDb& db,
                                 std::ostream& messages);

}  // namespace weir
