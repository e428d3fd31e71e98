#include "app/env_expand.h"

#include <gtest/gtest.h>

namespace weir {
namespace {

std::optional<std::string> variable(const std::string& name) {
    if (name == "A") {
        return "one";
    }
    if (name == "EMPTY") {
        return "";
    }
    if (name == "NESTED") {
        return "${A}";
    }
    if (name == "LONG") {
        return std::string(40'000, 'x');
    }
    return std::nullopt;
}

std::string expanded(std::string_view text) {
    const Result<std::string> result = expand_environment(text, variable);
    return result ? *result : "error: " + result.error().message;
}

TEST(EnvExpand, ReplacesReferences) {
    EXPECT_EQ(expanded("x${A}y${A}"),
              "xoney"
              "one");
    EXPECT_EQ(expanded("${EMPTY}"), "");
    EXPECT_EQ(expanded("${A:-two}"), "one");
    EXPECT_EQ(expanded("${EMPTY:-two}"), "two");
    EXPECT_EQ(expanded("${UNSET:-http://h:1/-}"), "http://h:1/-");
    EXPECT_EQ(expanded("${UNSET:-}"), "");
}

TEST(EnvExpand, WhatAVariableHoldsIsNotReadAgain) {
    EXPECT_EQ(expanded("${NESTED}"), "${A}");
}

TEST(EnvExpand, OtherDollarsStay) {
    EXPECT_EQ(expanded("a$"), "a$");
    EXPECT_EQ(expanded("$A $1 (x$)"), "$A $1 (x$)");
    EXPECT_EQ(expanded("$${A} $$"), "${A} $");
}

TEST(EnvExpand, RefusesWhatItCanNotResolve) {
    EXPECT_EQ(
        expanded("${UNSET}"),
        "error: environment variable UNSET is not set; ${UNSET:-default} would give a default");
    EXPECT_EQ(expanded("${A"),
              "error: \"${\" has no closing \"}\"; for a '$' before '{' write \"$$\"");
    EXPECT_EQ(expanded("${}"),
              "error: \"${}\" does not name an environment variable; for a '$' "
              "before '{' write \"$$\"");
    EXPECT_EQ(expanded("${1A}").substr(0, 6), "error:");
    EXPECT_EQ(expanded("${A-x}").substr(0, 6), "error:");
    EXPECT_EQ(expanded("${LONG}${LONG}"), "error: is longer than 64 KiB");
}

}  // namespace
}  // namespace weir
