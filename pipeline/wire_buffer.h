// WireBuffer: bytes in wire form that grow at the end. Unlike a std::string it hands out room
// before it is filled, so a record is encoded with one check of the capacity and no zeroing.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>

namespace weir {

// Resource. Growing doubles the capacity; clear() keeps it, release() does not.
class WireBuffer {
  public:
    WireBuffer() = default;
    WireBuffer(const WireBuffer&) = delete;
    WireBuffer& operator=(const WireBuffer&) = delete;

    // Room for at least so many bytes behind those that are there; valid until the next call. What
    // is filled of it counts after advance().
    [[nodiscard]] char* reserve(std::size_t bytes) {
        if (capacity_ - size_ < bytes) [[unlikely]] {
            grow(bytes);
        }
        return bytes_.get() + size_;
    }

    // The end of what was written into the room that reserve() gave.
    void advance_to(const char* end) { size_ = static_cast<std::size_t>(end - bytes_.get()); }

    void append(std::string_view bytes) {
        advance_to(std::copy(bytes.begin(), bytes.end(), reserve(bytes.size())));
    }

    [[nodiscard]] std::string_view view() const { return {bytes_.get(), size_}; }

    [[nodiscard]] std::size_t size() const { return size_; }

    [[nodiscard]] std::size_t capacity() const { return capacity_; }

    void clear() { size_ = 0; }

    void release() {
        bytes_.reset();
        size_ = capacity_ = 0;
    }

  private:
    void grow(std::size_t bytes) {
        const std::size_t capacity = std::max(capacity_ * 2, size_ + bytes);
        auto larger = std::make_unique_for_overwrite<char[]>(capacity);
        if (size_ > 0) {
            std::memcpy(larger.get(), bytes_.get(), size_);
        }
        bytes_ = std::move(larger);
        capacity_ = capacity;
    }

    std::unique_ptr<char[]> bytes_;
    std::size_t size_ = 0;
    std::size_t capacity_ = 0;
};

}  // namespace weir
