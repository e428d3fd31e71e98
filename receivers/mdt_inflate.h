// Decompression of gRPC messages with a bound. gRPC 1.51 checks the size of a message before it
// inflates it and not after, so a few kilobytes can become gigabytes in its memory: it is told to
// leave compressed messages alone, and they are inflated here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

struct z_stream_s;

namespace weir {

enum class InflateVerdict : std::uint8_t {
    whole,     // into() has all of it
    too_long,  // it would be longer than the bound
    broken,    // not gzip or zlib, or cut, or something follows it
};

// Resource. Reused for ever; one thread.
class MdtInflater {
  public:
    MdtInflater();
    ~MdtInflater();
    MdtInflater(const MdtInflater&) = delete;
    MdtInflater& operator=(const MdtInflater&) = delete;

    // Whether the message is compressed: begins like gzip (RFC 1952) or zlib (RFC 1950, what gRPC
    // calls deflate). No MdtDialoutArgs does: its bytes would be field 3 of wire type 7, which
    // there is not, and field 15.
    [[nodiscard]] static bool is_compressed(std::string_view message);

    [[nodiscard]] InflateVerdict inflate(std::string_view message, std::size_t bytes_max);

    // Valid until the next call that is not const.
    [[nodiscard]] std::string_view into() const { return into_; }

    // Gives memory back that a large message took.
    void shrink();

  private:
    std::unique_ptr<z_stream_s> stream_;
    bool usable_ = false;  // zlib had memory for its window
    std::string into_;
};

}  // namespace weir
