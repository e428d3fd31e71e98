// A device of model-driven telemetry for tests: gRPC's own client, calling MdtDialout by name.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <grpcpp/alarm.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <memory>
#include <string>

namespace weir {

// One MdtDialoutArgs on the wire.
inline std::string mdt_varint(std::uint64_t number) {
    std::string bytes;
    while (number >= 0x80) {
        bytes.push_back(static_cast<char>((number & 0x7f) | 0x80));
        number >>= 7;
    }
    bytes.push_back(static_cast<char>(number));
    return bytes;
}

inline std::string mdt_args(const std::string& data, std::int32_t total_size = 0,
                            std::uint64_t req_id = 1, const std::string& errors = {}) {
    std::string bytes = "\x08" + mdt_varint(req_id);
    if (!data.empty()) {
        bytes += "\x12" + mdt_varint(data.size()) + data;
    }
    if (!errors.empty()) {
        bytes += "\x1a" + mdt_varint(errors.size()) + errors;
    }
    if (total_size != 0) {
        bytes += "\x20" + mdt_varint(static_cast<std::uint64_t>(std::int64_t{total_size}));
    }
    return bytes;
}

// Resource. One connection with one call; one thread. Nothing waits longer than `patience`.
class MdtClient {
  public:
    static constexpr auto method = "/mdt_dialout.gRPCMdtDialout/MdtDialout";
    static constexpr std::chrono::seconds patience{20};

    explicit MdtClient(std::uint16_t port, grpc::ChannelArguments arguments = {},
                       const std::shared_ptr<grpc::ChannelCredentials>& credentials =
                           grpc::InsecureChannelCredentials()) {
        arguments.SetInt("grpc.use_local_subchannel_pool", 1);  // a connection of its own
        arguments.SetMaxSendMessageSize(-1);
        arguments.SetSslTargetNameOverride("localhost");  // 1.51 finds no address in a certificate
        channel_ =
            grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), credentials, arguments);
        stub_ = std::make_unique<grpc::GenericStub>(channel_);
    }

    ~MdtClient() {
        if (call_ != nullptr) {
            context_->TryCancel();
        }
        call_.reset();
        queue_.Shutdown();
        void* tag = nullptr;
        bool ok = false;
        while (queue_.Next(&tag, &ok)) {
        }
    }

    MdtClient(const MdtClient&) = delete;
    MdtClient& operator=(const MdtClient&) = delete;

    bool call(const std::string& name = method,
              grpc_compression_algorithm compression = GRPC_COMPRESS_NONE) {
        call_.reset();  // it lives in the memory of its context
        context_ = std::make_unique<grpc::ClientContext>();
        context_->set_wait_for_ready(false);
        context_->set_compression_algorithm(compression);
        call_ = stub_->PrepareCall(context_.get(), name, &queue_);
        call_->StartCall(nullptr);
        return next();
    }

    // True when gRPC took it; the server may not have.
    bool write(const std::string& args) {
        const grpc::Slice slice(args);
        const grpc::ByteBuffer buffer(&slice, 1);
        call_->Write(buffer, nullptr);
        return next();
    }

    bool writes_done() {
        call_->WritesDone(nullptr);
        return next();
    }

    // Waits for the end of the call.
    grpc::Status finish() {
        grpc::Status status;
        call_->Finish(&status, nullptr);
        if (!next()) {
            return {grpc::StatusCode::UNKNOWN, "no end of the call"};
        }
        return status;
    }

    [[nodiscard]] grpc::Channel& channel() { return *channel_; }

  private:
    bool next() {
        void* tag = nullptr;
        bool ok = false;
        const auto deadline = std::chrono::system_clock::now() + patience;
        const auto status = queue_.AsyncNext(&tag, &ok, deadline);
        return status == grpc::CompletionQueue::GOT_EVENT && ok;
    }

    std::shared_ptr<grpc::Channel> channel_;
    std::unique_ptr<grpc::GenericStub> stub_;
    grpc::CompletionQueue queue_;
    std::unique_ptr<grpc::ClientContext> context_;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
};

}  // namespace weir
