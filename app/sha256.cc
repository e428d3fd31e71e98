#include "app/sha256.h"

#include "core/assert.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>

namespace weir {

std::string sha256_hex(std::string_view bytes) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned int size = 0;
    // Fails only without memory or without the algorithm, neither of which weir runs without.
    WEIR_ASSERT(
        EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
    std::string hex;
    for (unsigned int i = 0; i < size; ++i) {
        hex += fmt::format("{:02x}", digest[i]);
    }
    return hex;
}

}  // namespace weir
