// Result<T>: a value or an Error with text. For failures of the environment (socket, TLS, HTTP,
// configuration), never for input defects (see core/defects.h) and never for our own bugs
// (see core/assert.h). The only header that names the library behind it.
#pragma once

#include <tl/expected.hpp>

#include <string>
#include <utility>

namespace weir {

// Value. What went wrong, as a sentence for a person, without a trailing full stop.
struct Error {
    std::string message;
};

template <typename T>
using Result = tl::expected<T, Error>;

// Makes the failed side of any Result.
[[nodiscard]] inline tl::unexpected<Error> fail(std::string message) {
    return tl::unexpected<Error>(Error{std::move(message)});
}

}  // namespace weir
