#include "app/mdt_sender.h"
#include "app/mdt_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <fstream>
#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <iterator>
#include <vector>

namespace weir {

namespace {

using Clock = std::chrono::system_clock;  // what gRPC takes deadlines in

constexpr const char* method = "/mdt_dialout.gRPCMdtDialout/MdtDialout";

Result<std::string> read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    if (!file) {
        return fail(fmt::format("{} cannot be read", path));
    }
    return text;
}

Result<std::shared_ptr<grpc::ChannelCredentials>> make_credentials(
    const MdtSenderOptions& options) {
    if (!options.tls && options.tls_ca.empty() && options.tls_cert.empty()) {
        return grpc::InsecureChannelCredentials();
    }
    grpc::SslCredentialsOptions ssl;
    const std::pair<const std::string&, std::string&> files[] = {
        {options.tls_ca, ssl.pem_root_certs},
        {options.tls_cert, ssl.pem_cert_chain},
        {options.tls_key, ssl.pem_private_key}};
    for (const auto& [path, text] : files) {
        if (path.empty()) {
            continue;
        }
        auto read = read_file(path);
        if (!read) {
            return fail(read.error().message);
        }
        text = *read;
    }
    return grpc::SslCredentials(ssl);
}

enum class Operation : std::uint8_t { start, write, read, writes_done, finish };

// Resource. One device's call. It has at most one operation of each kind under way.
struct Call {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<grpc::GenericStub> stub;
    grpc::ClientContext context;
    std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream;
    std::deque<grpc::ByteBuffer> unsent;  // the chunks of one message
    grpc::ByteBuffer reply;
    grpc::Status status;
    std::int64_t req_id = 0;
    bool started = false;
    bool writing = false;
    bool broken = false;  // a write or the start failed
    bool ending = false;  // no more is written
    bool finishing = false;
    bool finished = false;
};

class GrpcSender final : public MdtSender {
  public:
    GrpcSender(const MdtSenderOptions& options,
               const std::shared_ptr<grpc::ChannelCredentials>& credentials)
        : options_(options), calls_(options.devices) {
        const std::string target = fmt::format("{}:{}", options.host, options.port);
        grpc::ChannelArguments arguments;
        // A connection for each, as devices have.
        arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
        if (!options.tls_name.empty()) {
            arguments.SetSslTargetNameOverride(options.tls_name);
        }
        for (std::uint32_t device = 0; device < options.devices; ++device) {
            Call& call = calls_[device];
            call.channel = grpc::CreateCustomChannel(target, credentials, arguments);
            call.stub = std::make_unique<grpc::GenericStub>(call.channel);
            call.context.set_wait_for_ready(true);
            if (options.gzip) {
                call.context.set_compression_algorithm(GRPC_COMPRESS_GZIP);
            }
            call.stream = call.stub->PrepareCall(&call.context, method, &queue_);
            call.stream->StartCall(tag(device, Operation::start));
            ++under_way_;
        }
    }

    ~GrpcSender() override {
        for (Call& call : calls_) {
            call.context.TryCancel();
        }
        queue_.Shutdown();
        void* got = nullptr;
        bool ok = false;
        while (queue_.Next(&got, &ok)) {
        }
    }

    [[nodiscard]] bool ready(std::uint32_t device) const override {
        const Call& call = calls_[device];
        return call.started && !call.writing && !call.broken && !call.ending;
    }

    [[nodiscard]] bool failed(std::uint32_t device) const override { return calls_[device].broken; }

    void send(std::uint32_t device, std::string_view message,
              TelemetryEncoding /*encoding*/) override {
        Call& call = calls_[device];
        ++counts_.messages;
        counts_.bytes += message.size();
        ++call.req_id;
        const bool whole = options_.chunk_bytes == 0;
        const std::size_t step = whole ? message.size() + 1 : options_.chunk_bytes;
        std::string args;
        for (std::size_t at = 0; at == 0 || at < message.size(); at += step) {
            args.clear();
            append_mdt_dialout(call.req_id, message.substr(at, step),
                               whole ? 0 : static_cast<std::int32_t>(message.size()), args);
            const grpc::Slice slice(args);
            call.unsent.emplace_back(&slice, 1);
            counts_.chunks += whole ? 0 : 1;
        }
        write_next(device);
    }

    void wait(std::chrono::milliseconds at_most) override {
        auto deadline = Clock::now() + at_most;
        void* got = nullptr;
        bool ok = false;
        // One that waits, and then all that are there.
        while (queue_.AsyncNext(&got, &ok, deadline) == grpc::CompletionQueue::GOT_EVENT) {
            const auto value = reinterpret_cast<std::uintptr_t>(got);
            --under_way_;
            take(static_cast<std::uint32_t>(value >> 3U), static_cast<Operation>(value & 7U), ok);
            deadline = Clock::now();
        }
    }

    [[nodiscard]] bool finish(std::chrono::milliseconds at_most) override {
        const auto deadline = Clock::now() + at_most;
        ending_ = true;
        for (std::uint32_t device = 0; device < options_.devices; ++device) {
            end(device);
        }
        while (under_way_ > 0 && Clock::now() < deadline) {
            wait(std::chrono::milliseconds(100));
        }
        return under_way_ == 0;
    }

    [[nodiscard]] const MdtSenderCounts& counts() const override { return counts_; }

  private:
    static void* tag(std::uint32_t device, Operation operation) {
        return reinterpret_cast<void*>((static_cast<std::uintptr_t>(device) << 3U) |
                                       static_cast<std::uintptr_t>(operation));
    }

    void write_next(std::uint32_t device) {
        Call& call = calls_[device];
        call.writing = true;
        call.stream->Write(call.unsent.front(), tag(device, Operation::write));
        ++under_way_;
    }

    void read_next(std::uint32_t device) {
        calls_[device].stream->Read(&calls_[device].reply, tag(device, Operation::read));
        ++under_way_;
    }

    // The device has nothing more to say.
    void end(std::uint32_t device) {
        Call& call = calls_[device];
        if (call.started && !call.writing && !call.broken && !call.ending) {
            call.ending = true;
            call.stream->WritesDone(tag(device, Operation::writes_done));
            ++under_way_;
        } else if (!call.started && !call.finished) {
            call.context.TryCancel();
        }
    }

    // The receiver has ended the call, or it never began.
    void ask_why(std::uint32_t device) {
        Call& call = calls_[device];
        if (!call.finishing) {
            call.finishing = true;
            call.stream->Finish(&call.status, tag(device, Operation::finish));
            ++under_way_;
        }
    }

    void take(std::uint32_t device, Operation operation, bool ok) {
        Call& call = calls_[device];
        switch (operation) {
            case Operation::start:
                call.started = ok;
                call.broken = !ok;
                if (ok) {
                    ++counts_.sessions_opened;
                    read_next(device);
                } else {
                    ask_why(device);
                }
                break;
            case Operation::write:
                written(device, ok);
                break;
            case Operation::read:
                counts_.replies += ok ? 1 : 0;
                if (ok) {
                    read_next(device);
                } else {
                    call.broken = call.broken || !call.ending;
                    ask_why(device);
                }
                break;
            case Operation::writes_done:
                break;
            case Operation::finish:
                call.finished = true;
                note_end(call);
                break;
        }
        if (ending_) {
            end(device);
        }
    }

    void written(std::uint32_t device, bool ok) {
        Call& call = calls_[device];
        call.writing = false;
        if (!ok) {
            call.broken = true;
            call.unsent.clear();
            return;
        }
        call.unsent.pop_front();
        if (!call.unsent.empty()) {
            write_next(device);
        }
    }

    void note_end(const Call& call) {
        if (call.ending && call.status.ok()) {
            return;
        }
        ++counts_.sessions_failed;
        if (counts_.first_error.empty()) {
            counts_.first_error =
                call.status.ok()
                    ? "the receiver ended the call"
                    : fmt::format("status {}: {}", static_cast<int>(call.status.error_code()),
                                  call.status.error_message());
        }
    }

    const MdtSenderOptions options_;
    grpc::CompletionQueue queue_;
    std::deque<Call> calls_;
    std::uint64_t under_way_ = 0;
    bool ending_ = false;
    MdtSenderCounts counts_;
};

}  // namespace

Result<std::unique_ptr<MdtSender>> make_mdt_grpc_sender(const MdtSenderOptions& options) {
    const auto credentials = make_credentials(options);
    if (!credentials) {
        return fail(credentials.error().message);
    }
    return std::make_unique<GrpcSender>(options, *credentials);
}

}  // namespace weir
