#include "receivers/mdt_inflate.h"

#include <algorithm>
#include <limits>
#include <zlib.h>

namespace weir {

namespace {

constexpr std::size_t first_bytes = 64 * 1024;
constexpr std::size_t kept_bytes_max = 1024 * 1024;
constexpr int window_of_gzip_or_zlib = 15 + 32;  // zlib.h: 32 asks it to tell them apart

}  // namespace

MdtInflater::MdtInflater() : stream_(std::make_unique<z_stream_s>()) {
    usable_ = inflateInit2(stream_.get(), window_of_gzip_or_zlib) == Z_OK;
}

MdtInflater::~MdtInflater() {
    if (usable_) {
        inflateEnd(stream_.get());
    }
}

bool MdtInflater::is_compressed(std::string_view message) {
    if (message.size() < 2) {
        return false;
    }
    const auto first = static_cast<unsigned char>(message[0]);
    const auto second = static_cast<unsigned char>(message[1]);
    const bool zlib = first == 0x78 && (first * 256U + second) % 31 == 0;  // RFC 1950 section 2.2
    return zlib || (first == 0x1f && second == 0x8b);
}

InflateVerdict MdtInflater::inflate(std::string_view message, std::size_t bytes_max) {
    if (!usable_ || inflateReset(stream_.get()) != Z_OK ||
        message.size() > std::numeric_limits<uInt>::max()) {
        return InflateVerdict::broken;
    }
    z_stream& stream = *stream_;
    // zlib reads only; its interface is older than const.
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
    stream.avail_in = static_cast<uInt>(message.size());
    std::size_t filled = 0;
    for (;;) {
        if (filled == into_.size()) {
            if (filled > bytes_max) {
                return InflateVerdict::too_long;
            }
            // One byte more than allowed shows that there is more than allowed.
            into_.resize(std::min(std::max(filled * 2, first_bytes), bytes_max + 1));
        }
        const std::size_t space = into_.size() - filled;
        stream.next_out = reinterpret_cast<Bytef*>(into_.data() + filled);
        stream.avail_out =
            static_cast<uInt>(std::min<std::size_t>(space, std::numeric_limits<uInt>::max()));
        const uInt before = stream.avail_out;
        const int result = ::inflate(&stream, Z_NO_FLUSH);
        filled += before - stream.avail_out;
        if (filled > bytes_max) {
            return InflateVerdict::too_long;
        }
        if (result == Z_STREAM_END) {
            into_.resize(filled);
            return stream.avail_in == 0 ? InflateVerdict::whole : InflateVerdict::broken;
        }
        if (result != Z_OK || (stream.avail_out > 0 && stream.avail_in == 0)) {
            return InflateVerdict::broken;
        }
    }
}

void MdtInflater::shrink() {
    if (into_.capacity() > kept_bytes_max) {
        into_ = {};
    }
}

}  // namespace weir
