// MdtStream: what one call of MdtDialout or one TCP connection sends, from frames to messages. Puts
// the chunks of NX-OS together, hands whole messages to the sink and accounts for every frame.
#pragma once

#include "core/address.h"
#include "core/time.h"
#include "parsers/mdt_chunks.h"
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

    // Value. When something came and how large it was before it was decompressed, and the limit in
    // force.
    struct Now {
        Timestamp time;
        std::int64_t monotonic_ns = 0;
        std::size_t received_bytes = 0;
        std::size_t message_bytes_max = 0;
    };

    // One MdtDialoutArgs, serialised. True when a whole message came of it.
    bool take_args(std::string_view bytes, const Now& now);
    // One body of the TCP framing.
    void take_body(std::string_view body, MdtBody encoding, Timestamp now);
    // A frame that was refused before it could be read.
    void refuse_frame(std::size_t bytes, RejectReason reason);
    // Gives up chunks whose rest has not come in time. Called every second or so.
    void expire(std::int64_t monotonic_ns);

    [[nodiscard]] const Peer& peer() const { return options_.peer; }

  private:
    [[nodiscard]] MdtSession session() const;
    void take(std::string_view message, MdtBody encoding, Timestamp now);
    // Counts what a step says was lost.
    void account(const MdtChunkStep& step);

    // What chunks wait in, out of the listener's pool.
    class Budget final : public MdtChunkBudget {
      public:
        explicit Budget(BytePool& pool) : permit_(pool) {}

        [[nodiscard]] bool charge(std::size_t bytes) override {
            return permit_.resize(permit_.bytes() + bytes);
        }

        void release(std::size_t bytes) override {
            static_cast<void>(permit_.resize(permit_.bytes() - bytes));
        }

      private:
        BytePool::Permit permit_;
    };

    Options options_;
    MdtSink& sink_;
    std::uint64_t id_;
    Budget budget_;
    MdtChunks chunks_;
};

}  // namespace weir
