#include "tests/sinks/certificates.h"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>

namespace weir::test {

namespace {

template <typename T, void (*Free)(T*)>
struct Freeing {
    void operator()(T* pointer) const { Free(pointer); }
};

using Key = std::unique_ptr<EVP_PKEY, Freeing<EVP_PKEY, EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freeing<X509, X509_free>>;
using Memory = std::unique_ptr<BIO, Freeing<BIO, BIO_free_all>>;

std::string text_of(const Memory& memory) {
    char* data = nullptr;
    const long size = BIO_ctrl(memory.get(), BIO_CTRL_INFO, 0, &data);
    return {data, static_cast<std::size_t>(size)};
}

std::string to_pem(X509* certificate) {
    const Memory memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_X509(memory.get(), certificate);
    return text_of(memory);
}

std::string to_pem(EVP_PKEY* key) {
    const Memory memory(BIO_new(BIO_s_mem()));
    PEM_write_bio_PrivateKey(memory.get(), key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_of(memory);
}

Memory reader(const std::string& pem) {
    return Memory(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

void extend(X509* certificate, int kind, const std::string& value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, kind, value.c_str());
    ASSERT_NE(extension, nullptr);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
}

// A certificate for `key`, without signature.
Certificate unsigned_certificate(EVP_PKEY* key, const std::string& name) {
    static std::atomic<long> serial{1};
    Certificate made(X509_new());
    X509_set_version(made.get(), X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(made.get()), serial++);
    X509_gmtime_adj(X509_getm_notBefore(made.get()), -3600);
    X509_gmtime_adj(X509_getm_notAfter(made.get()), 3600);
    X509_set_pubkey(made.get(), key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    return made;
}

}  // namespace

Authority::Authority() {
    static std::atomic<int> number{0};
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const Certificate certificate =
        unsigned_certificate(key.get(), "weir test authority " + std::to_string(++number));
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(certificate.get()));
    extend(certificate.get(), NID_basic_constraints, "critical,CA:TRUE");
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    own_ = {to_pem(certificate.get()), to_pem(key.get())};
}

Identity Authority::issue(const std::string& names) const {
    const Certificate authority(
        PEM_read_bio_X509(reader(own_.certificate).get(), nullptr, nullptr, nullptr));
    const Key authority_key(
        PEM_read_bio_PrivateKey(reader(own_.key).get(), nullptr, nullptr, nullptr));
    const Key key(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
    const Certificate certificate = unsigned_certificate(key.get(), "weir test");
    X509_set_issuer_name(certificate.get(), X509_get_subject_name(authority.get()));
    extend(certificate.get(), NID_subject_alt_name, names);
    X509_sign(certificate.get(), authority_key.get(), EVP_sha256());
    return {to_pem(certificate.get()), to_pem(key.get())};
}

std::shared_ptr<boost::asio::ssl::context> server_context(const Identity& identity,
                                                          const Authority* client_authority) {
    namespace ssl = boost::asio::ssl;
    auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
    context->use_certificate_chain(boost::asio::buffer(identity.certificate));
    context->use_private_key(boost::asio::buffer(identity.key), ssl::context::pem);
    if (client_authority != nullptr) {
        context->add_certificate_authority(boost::asio::buffer(client_authority->certificate()));
        context->set_verify_mode(ssl::verify_peer | ssl::verify_fail_if_no_peer_cert);
    }
    return context;
}

}  // namespace weir::test
