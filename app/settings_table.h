// Words that the rows of app/settings are written with. For the settings_table_*.cc files only.
#pragma once

#include "app/settings.h"

#include <cstdint>
#include <span>

namespace weir {

// The rows up to `metrics`, from there, and from `loki` on, in the order of the documentation.
[[nodiscard]] std::span<const Setting> intake_settings();
[[nodiscard]] std::span<const Setting> metrics_settings();
[[nodiscard]] std::span<const Setting> mimir_settings();
[[nodiscard]] std::span<const Setting> delivery_settings();

namespace settings_table {

constexpr std::uint64_t kib = 1024;
constexpr std::uint64_t mib = 1024 * kib;
constexpr std::uint64_t gib = 1024 * mib;
constexpr std::uint64_t tib = 1024 * gib;
constexpr std::uint64_t ms = 1;
constexpr std::uint64_t s = 1000 * ms;
constexpr std::uint64_t m = 60 * s;
constexpr std::uint64_t h = 60 * m;
constexpr std::uint64_t d = 24 * h;

template <class T, class Member>
T owner_of(Member T::*);

// The place of a member, or of a member of a member, in the owner that a row belongs to.
template <auto First, auto... Rest>
SettingSlot slot(const SettingOwner& owner) {
    auto* object = std::get<decltype(owner_of(First))*>(owner);
    return SettingSlot{&((object->*First).*....*Rest)};
}

}  // namespace settings_table

}  // namespace weir
