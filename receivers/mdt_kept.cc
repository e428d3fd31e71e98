#include "receivers/mdt_kept.h"

#include <utility>

namespace weir {

void MdtKept::set_messages_max(std::size_t messages_max) {
    messages_max_ = messages_max;
    make_room();
}

void MdtKept::add(KeptMessage message) {
    if (messages_max_ == 0) {
        return;
    }
    if (message.bytes.size() > message_bytes_max) {
        message.bytes.resize(message_bytes_max);
        message.bytes.shrink_to_fit();
    }
    bytes_ += message.bytes.size();
    messages_.push_back(std::move(message));
    make_room();
}

void MdtKept::make_room() {
    while (messages_.size() > messages_max_ || bytes_ > bytes_max) {
        bytes_ -= messages_.front().bytes.size();
        messages_.pop_front();
    }
}

}  // namespace weir
