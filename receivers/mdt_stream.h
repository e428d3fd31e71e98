// MdtStream: what one call of MdtDialout or one TCP connection sends, from frames to messages. Puts
// the chunks of NX-OS together, hands whole messages to the sink and accounts for every frame.
#pragma once

#include "core/address.h"
#include "core/time.h"
#include "pipeline/byte_pool.h"
#include "receivers/mdt_sink.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weir {

// Resource. What the threads of one telemetry listener share of its streams.
struct MdtStreamShared {
    explicit MdtStreamShared(std::size_t session_bytes_max) : session_bytes(session_bytes_max) {}

    BytePool session_bytes;  // for incomplete messages and chunks
    std::atomic<std::uint64_t> sessions{0};
};

// Resource. One thread. A session of the sink from its construction to its destruction.
class MdtStream {
  public:
    struct Options {
        std::uint32_t listener = 0;
        Peer peer;
        std::string certificate_subject;
    };

    // All references must outlive it.
    MdtStream(Options options, MdtStreamShared& shared, MdtSink& sink);
    // What is incomplete then is refused as bad_chunk.
    ~MdtStream();
    MdtStream(const MdtStream&) = delete;
    MdtStream& operator=(const MdtStream&) = delete;

    // One MdtDialoutArgs, serialised. True when a whole message came of it.
    bool take_args(std::string_view args, Timestamp now, std::size_t message_bytes_max);
    // One body of the TCP framing.
    void take_body(std::string_view body, MdtBody encoding, Timestamp now);
    // A frame that was refused before it could be read.
    void refuse_frame(std::size_t bytes, RejectReason reason);
    // Gives up chunks whose rest has not come in time. Called every second or so.
    void expire(Timestamp now);

    [[nodiscard]] const Peer& peer() const { return options_.peer; }

  private:
    [[nodiscard]] MdtSession session() const;
    void take(std::string_view message, MdtBody encoding, Timestamp now);

    Options options_;
    MdtSink& sink_;
    std::uint64_t id_;
};

}  // namespace weir
