// Certificates for tests, made at run time by the openssl program in a folder of the test's own: a
// CA, a server and a client certificate of it, and a client certificate of a CA that nobody trusts.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <unistd.h>

namespace weir {

// Resource. The folder goes with the object.
class TestCertificates {
  public:
    TestCertificates() {
        std::string pattern = (std::filesystem::temp_directory_path() / "weir-tls-XXXXXX").string();
        if (mkdtemp(pattern.data()) == nullptr) {
            throw std::runtime_error("mkdtemp failed");
        }
        folder_ = pattern;
        make_authority("ca");
        make_authority("stranger-ca");
        make_leaf("server", "ca", "localhost");
        make_leaf("client", "ca", "switch-7");
        make_leaf("stranger", "stranger-ca", "stranger");
    }

    ~TestCertificates() { std::filesystem::remove_all(folder_); }

    TestCertificates(const TestCertificates&) = delete;
    TestCertificates& operator=(const TestCertificates&) = delete;

    // "ca", "server", "client", "stranger": the certificate and the key of each.
    [[nodiscard]] std::string certificate(const std::string& name) const {
        return folder_ + "/" + name + ".crt";
    }

    [[nodiscard]] std::string key(const std::string& name) const {
        return folder_ + "/" + name + ".key";
    }

    // A new server certificate in place of the old one.
    void renew_server() { make_leaf("server", "ca", "localhost"); }

  private:
    void run(const std::string& command) {
        const std::string quiet = "cd '" + folder_ + "' && " + command + " >/dev/null 2>&1";
        if (std::system(quiet.c_str()) != 0) {
            throw std::runtime_error("failed: " + command);
        }
    }

    void make_authority(const std::string& name) {
        run("openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
            "-subj '/CN=" +
            name + "' -keyout " + name + ".key -out " + name + ".crt");
    }

    void make_leaf(const std::string& name, const std::string& authority,
                   const std::string& common_name) {
        run("openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj '/CN=" +
            common_name + "' -keyout " + name + ".key -out " + name + ".csr");
        run("printf 'subjectAltName=DNS:localhost,IP:127.0.0.1' > " + name + ".ext");
        run("openssl x509 -req -days 2 -CA " + authority + ".crt -CAkey " + authority +
            ".key -CAcreateserial -extfile " + name + ".ext -in " + name + ".csr -out " + name +
            ".crt");
    }

    std::string folder_;
};

}  // namespace weir
