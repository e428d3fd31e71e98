// MdtGrpcCall: one call on an MdtGrpcServer, from the wait for it to its end. Reads messages one by
// one and never answers. Private to mdt_grpc_server.
#pragma once

#include "receivers/mdt_grpc_server.h"
#include "receivers/mdt_inflate.h"
#include "receivers/mdt_stream.h"

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <grpcpp/alarm.h>
#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>
#include <optional>
#include <string>
#include <string_view>

namespace weir {

// Resource interface. What a completion queue gives back.
class MdtGrpcEvent {
  public:
    MdtGrpcEvent() = default;
    MdtGrpcEvent(const MdtGrpcEvent&) = delete;
    MdtGrpcEvent& operator=(const MdtGrpcEvent&) = delete;
    virtual ~MdtGrpcEvent() = default;

    virtual void on_event(bool ok) = 0;
};

class MdtGrpcCall;

// What calls need of their server. One for each server; on its thread.
class MdtGrpcCalls {
  public:
    MdtGrpcCalls() = default;
    MdtGrpcCalls(const MdtGrpcCalls&) = delete;
    MdtGrpcCalls& operator=(const MdtGrpcCalls&) = delete;
    virtual ~MdtGrpcCalls() = default;

    virtual grpc::AsyncGenericService& service() = 0;
    virtual grpc::ServerCompletionQueue& queue() = 0;
    // A call has come in place of the one that waited for it: let the next one wait.
    virtual void on_call() = 0;
    // The call is over and is destroyed by this.
    virtual void on_end(MdtGrpcCall& call) = 0;
    // The connection of a call by what gRPC says of it; null if the listener has forgotten it.
    [[nodiscard]] virtual MdtGrpcConnectionPtr connection_of(const std::string& peer) = 0;
    virtual void on_unknown_method(const MdtGrpcConnectionPtr& connection,
                                   const std::string& method) = 0;

    // The bytes of a message, in one piece and not compressed; nothing, and `refused` says why.
    // Valid until the next call.
    [[nodiscard]] virtual std::optional<std::string_view> contents(const grpc::ByteBuffer& message,
                                                                   RejectReason& refused) = 0;

    [[nodiscard]] virtual std::size_t message_bytes_max() const = 0;
    [[nodiscard]] virtual const MdtGrpcServer::Options& options() const = 0;
    [[nodiscard]] virtual MdtStreamShared& shared() = 0;
    [[nodiscard]] virtual MdtSink& sink() = 0;
    [[nodiscard]] virtual const Clock& clock() const = 0;
};

// Resource. One operation is under way at any time, whose tag is the call.
class MdtGrpcCall final : public MdtGrpcEvent {
  public:
    explicit MdtGrpcCall(MdtGrpcCalls& calls);

    // Waits for a call.
    void wait_for_call();
    void on_event(bool ok) override;
    // Called every second or so.
    void expire(std::int64_t monotonic_ns);

  private:
    enum class State : std::uint8_t { requested, reading, pausing, finishing };

    void begin();
    void take_message();
    void read_or_pause();
    void pause(std::int64_t pause_ns);
    void finish(const grpc::Status& status);
    [[nodiscard]] std::string certificate_subject() const;

    MdtGrpcCalls& calls_;
    State state_ = State::requested;
    bool paused_ = false;
    grpc::GenericServerContext context_;
    grpc::GenericServerAsyncReaderWriter reader_writer_;
    grpc::ByteBuffer message_;
    grpc::Alarm alarm_;
    MdtGrpcConnectionPtr connection_;
    std::optional<MdtStream> stream_;
};

}  // namespace weir
