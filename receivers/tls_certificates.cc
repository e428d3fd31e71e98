#include "receivers/tls_certificates.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <array>
#include <ctime>
#include <memory>
#include <utility>

namespace weir {

namespace {

TlsCertificate describe(const X509* certificate, std::string kind) {
    TlsCertificate described{.kind = std::move(kind), .subject = {}, .not_after = {}};
    std::array<char, 256> subject{};
    X509_NAME_oneline(X509_get_subject_name(certificate), subject.data(),
                      static_cast<int>(subject.size()));
    described.subject = subject.data();
    std::tm time{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &time) == 1) {
        described.not_after.unix_ns = ns_per_s * unix_seconds({.year = time.tm_year + 1900,
                                                               .month = time.tm_mon + 1,
                                                               .day = time.tm_mday,
                                                               .hour = time.tm_hour,
                                                               .minute = time.tm_min,
                                                               .second = time.tm_sec});
    }
    return described;
}

}  // namespace

std::vector<TlsCertificate> certificates_in(const boost::asio::ssl::context& context) {
    // Asio hands out the handle of a mutable context only; nothing is changed here.
    SSL_CTX* native = const_cast<boost::asio::ssl::context&>(context).native_handle();
    std::vector<TlsCertificate> found;
    if (const X509* leaf = SSL_CTX_get0_certificate(native); leaf != nullptr) {
        found.push_back(describe(leaf, "certificate"));
    }
    const STACK_OF(X509_OBJECT)* trusted = X509_STORE_get0_objects(SSL_CTX_get_cert_store(native));
    for (int i = 0; i < sk_X509_OBJECT_num(trusted); ++i) {
        const X509* issuer = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));
        if (issuer != nullptr) {
            found.push_back(describe(issuer, "client_ca"));
        }
    }
    return found;
}

std::vector<TlsCertificate> certificate_in_file(const std::string& path) {
    const std::unique_ptr<BIO, decltype(&BIO_free)> file(BIO_new_file(path.c_str(), "r"),
                                                         &BIO_free);
    if (!file) {
        return {};
    }
    const std::unique_ptr<X509, decltype(&X509_free)> certificate(
        PEM_read_bio_X509(file.get(), nullptr, nullptr, nullptr), &X509_free);
    ERR_clear_error();  // a file without one is nobody else's failure
    return certificate ? std::vector{describe(certificate.get(), "certificate")}
                       : std::vector<TlsCertificate>{};
}

}  // namespace weir
