#include "sinks/zstd_file.h"

#include <zstd.h>

#include <cerrno>
#include <fcntl.h>
#include <memory>
#include <string_view>
#include <system_error>
#include <unistd.h>
#include <vector>

namespace weir {

namespace {

constexpr int level = 3;

// Resource. Closes its descriptor.
class File {
  public:
    explicit File(int fd) : fd_(fd) {}

    File(const File&) = delete;
    File& operator=(const File&) = delete;

    ~File() {
        if (fd_ >= 0) {
            ::close(fd_);
        }
    }

    [[nodiscard]] int fd() const { return fd_; }

  private:
    int fd_;
};

struct FreeStream {
    void operator()(ZSTD_CStream* stream) const { ZSTD_freeCStream(stream); }
};

auto failure(const std::string& path, int error) {
    return fail(path + ": " + std::generic_category().message(error));
}

Result<void> write_all(int fd, std::string_view bytes, const std::string& path) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(fd, bytes.data(), bytes.size());
        if (written < 0 && errno != EINTR) {
            return failure(path, errno);
        }
        bytes.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
    }
    return {};
}

}  // namespace

Result<void> zstd_compress_file(const std::string& from, const std::string& to) {
    const File source(::open(from.c_str(), O_RDONLY | O_CLOEXEC));
    if (source.fd() < 0) {
        return failure(from, errno);
    }
    const File target(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
    if (target.fd() < 0) {
        return failure(to, errno);
    }
    const std::unique_ptr<ZSTD_CStream, FreeStream> stream(ZSTD_createCStream());
    ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(stream.get(), ZSTD_c_checksumFlag, 1);
    std::vector<char> in(ZSTD_CStreamInSize());
    std::vector<char> out(ZSTD_CStreamOutSize());
    for (bool last = false; !last;) {
        const ssize_t got = ::read(source.fd(), in.data(), in.size());
        if (got < 0) {
            return failure(from, errno);
        }
        last = got == 0;
        ZSTD_inBuffer input{in.data(), static_cast<std::size_t>(got), 0};
        for (bool more = true; more;) {
            ZSTD_outBuffer output{out.data(), out.size(), 0};
            const std::size_t left = ZSTD_compressStream2(stream.get(), &output, &input,
                                                          last ? ZSTD_e_end : ZSTD_e_continue);
            if (ZSTD_isError(left) != 0) {
                return fail(from + ": " + ZSTD_getErrorName(left));
            }
            if (Result<void> written = write_all(target.fd(), {out.data(), output.pos}, to);
                !written) {
                return written;
            }
            more = last ? left != 0 : input.pos < input.size;
        }
    }
    if (::fsync(target.fd()) != 0) {
        return failure(to, errno);
    }
    return {};
}

}  // namespace weir
