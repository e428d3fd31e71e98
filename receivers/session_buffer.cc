#include "receivers/session_buffer.h"

#include "core/assert.h"

#include <algorithm>
#include <cstring>

namespace weir {

std::span<char> SessionBuffer::space(std::span<char> scratch) {
    if (size_ > session_copied_bytes_max) {
        read_into_ = bytes_.get();
        return {bytes_.get() + size_, capacity_ - size_};
    }
    WEIR_ASSERT(scratch.size() > size_);
    if (size_ > 0) {
        std::memcpy(scratch.data(), bytes_.get(), size_);
    }
    read_into_ = scratch.data();
    return scratch.subspan(size_);
}

std::string_view SessionBuffer::filled(std::size_t bytes) {
    return {read_into_, size_ + bytes};
}

// Doubling, with room for at least one byte more, and no more than will be needed.
std::size_t SessionBuffer::capacity_for(std::size_t bytes, std::size_t bytes_max) {
    std::size_t capacity = session_bytes_floor;
    while (capacity <= bytes) {
        capacity *= 2;
    }
    return std::max(std::min(capacity, bytes_max), bytes + 1);
}

bool SessionBuffer::keep(std::string_view rest, std::size_t bytes_max) {
    if (rest.empty()) {
        clear();
        return true;
    }
    const std::size_t wanted = capacity_for(rest.size(), bytes_max);
    if (wanted == capacity_) {
        std::memmove(bytes_.get(), rest.data(), rest.size());
        size_ = rest.size();
        return true;
    }
    if (!permit_.resize(wanted > session_bytes_floor ? wanted - session_bytes_floor : 0)) {
        return false;
    }
    // `rest` may lie in the old bytes.
    auto bytes = std::make_unique_for_overwrite<char[]>(wanted);
    std::memcpy(bytes.get(), rest.data(), rest.size());
    bytes_ = std::move(bytes);
    capacity_ = wanted;
    size_ = rest.size();
    return true;
}

void SessionBuffer::clear() {
    bytes_.reset();
    capacity_ = 0;
    size_ = 0;
    static_cast<void>(permit_.resize(0));  // less always works
}

}  // namespace weir
