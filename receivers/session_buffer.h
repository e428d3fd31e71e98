// SessionBuffer: the bytes of a session's incomplete message. A session between two messages holds
// nothing; reads go into scratch memory that the sessions of a thread share, and only what is left
// over of them is kept here.
#pragma once

#include "pipeline/byte_pool.h"

#include <cstddef>
#include <memory>
#include <span>
#include <string_view>

namespace weir {

// What a session may keep without asking the pool.
inline constexpr std::size_t session_bytes_floor = 2 * 1024;
// Up to here what is kept is copied in front of the next read; beyond, reads go behind it in place.
inline constexpr std::size_t session_copied_bytes_max = 16 * 1024;

// Resource. One thread; the pool is shared.
class SessionBuffer {
  public:
    explicit SessionBuffer(BytePool& pool) : permit_(pool) {}

    // Where to read to, never empty: the scratch, which is larger than session_copied_bytes_max, or
    // the place behind what is kept.
    [[nodiscard]] std::span<char> space(std::span<char> scratch);
    // What is kept followed by the `bytes` that were read into space(). Valid until keep().
    [[nodiscard]] std::string_view filled(std::size_t bytes);
    // Keeps `rest`, the end of what filled() gave. `bytes_max` is the most that will ever be
    // needed. False, and what was kept before is unchanged, when the pool has no room for it.
    [[nodiscard]] bool keep(std::string_view rest, std::size_t bytes_max);

    // What keep() has kept. Valid until the next call that is not const.
    [[nodiscard]] std::string_view kept() const { return {bytes_.get(), size_}; }

    // Keeps nothing.
    void clear();

    // What the kept bytes take.
    [[nodiscard]] std::size_t capacity() const { return capacity_; }

  private:
    [[nodiscard]] static std::size_t capacity_for(std::size_t bytes, std::size_t bytes_max);

    BytePool::Permit permit_;
    std::unique_ptr<char[]> bytes_;
    std::size_t capacity_ = 0;
    std::size_t size_ = 0;
    char* read_into_ = nullptr;  // where filled() begins
};

}  // namespace weir
