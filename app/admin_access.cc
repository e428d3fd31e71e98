#include "app/admin_access.h"

#include "app/sha256.h"
#include "core/address.h"
#include "sinks/watched_file.h"

#include <fmt/format.h>
#include <openssl/crypto.h>

#include <algorithm>

namespace weir {

namespace {

// 16 random letters and digits are 95 bits.
constexpr std::size_t token_bytes_min = 16;
constexpr std::size_t token_bytes_max = 1024;
constexpr std::array<std::string_view, admin_refusal_count> names = {
    "token_missing", "token_wrong", "certificate_missing", "host_unknown", "bad_request",
    "too_large",     "timeout",     "tls_handshake",       "made_room"};
// What a monitoring system asks without credentials. Compared as a whole, never as a prefix.
constexpr std::array<std::string_view, 3> open_paths = {"/-/healthy", "/-/ready", "/metrics"};

bool same_ignoring_case(std::string_view text, std::string_view lower) {
    return text.size() == lower.size() &&
           std::equal(text.begin(), text.end(), lower.begin(), [](char a, char b) {
               return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
           });
}

// An address or localhost, with or without a port.
bool is_local_host(std::string_view host) {
    const std::size_t colon = host.rfind(':');
    const bool has_port = colon != std::string_view::npos && host.find(']', colon) == host.npos &&
                          (host.find(':') == colon || host.starts_with('['));
    const std::string_view name = has_port ? host.substr(0, colon) : host;
    return same_ignoring_case(name, "localhost") || IpAddress::parse(name).has_value();
}

// The token of "Bearer TOKEN" (RFC 6750 section 2.1; the scheme's case does not matter, RFC 9110
// section 11.1). Empty for any other scheme.
std::string_view bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer ";
    if (authorization.size() < scheme.size() ||
        !same_ignoring_case(authorization.substr(0, scheme.size()), scheme)) {
        return {};
    }
    const std::size_t start = authorization.find_first_not_of(' ', scheme.size());
    return start == std::string_view::npos ? std::string_view{} : authorization.substr(start);
}

}  // namespace

std::string_view admin_refusal_name(AdminRefusal refusal) {
    return names[static_cast<std::size_t>(refusal)];
}

std::map<std::string, std::uint64_t> admin_refusals_by_name(const AdminRefusals& refusals) {
    std::map<std::string, std::uint64_t> result;
    for (std::size_t i = 0; i < refusals.size(); ++i) {
        result[std::string(names[i])] = refusals[i];
    }
    return result;
}

Result<std::string> read_admin_token(const std::string& path) {
    Result<std::string> token = WatchedFile(path).read();
    if (!token) {
        return token;
    }
    const auto visible = [](char c) { return c > 0x20 && c < 0x7f; };
    const char* wrong = nullptr;
    if (token->empty()) {
        wrong = "is empty";
    } else if (!std::all_of(token->begin(), token->end(), visible)) {
        wrong = "holds a space or another character that has no place in a token";
    } else if (token->size() < token_bytes_min) {
        wrong = "holds a token shorter than 16 characters";
    } else if (token->size() > token_bytes_max) {
        wrong = "holds a token longer than 1024 characters";
    }
    if (wrong != nullptr) {
        return fail(fmt::format("{} {}", path, wrong));
    }
    return token;
}

Result<bool> AdminAccess::read_token(const std::string& path) {
    const Result<std::string> token = read_admin_token(path);
    if (!token) {
        return fail("admin.token_file: " + token.error().message);
    }
    std::string digest = sha256_hex(*token);
    const bool changed = digest != token_sha256_;
    token_sha256_ = std::move(digest);
    return changed;
}

std::optional<AdminRefusal> AdminAccess::ask(std::string_view path,
                                             const AdminCaller& caller) const {
    if (std::find(open_paths.begin(), open_paths.end(), path) != open_paths.end() ||
        caller.certificate) {
        return std::nullopt;
    }
    if (!token_sha256_.empty()) {
        if (caller.authorization.empty()) {
            return AdminRefusal::token_missing;
        }
        // Hashes have one length, so that the comparison tells nothing of the token's.
        const std::string given = sha256_hex(bearer_token(caller.authorization));
        const bool same =
            CRYPTO_memcmp(given.data(), token_sha256_.data(), token_sha256_.size()) == 0;
        return same ? std::nullopt : std::optional(AdminRefusal::token_wrong);
    }
    if (certificate_wanted_) {
        return AdminRefusal::certificate_missing;
    }
    // An open port trusts whoever is on this machine. A web page that gave its own name this
    // machine's address (DNS rebinding) would be trusted too; its name gives it away.
    if (!is_local_host(caller.host)) {
        return AdminRefusal::host_unknown;
    }
    return std::nullopt;
}

}  // namespace weir
