// Runs single requests of an HttpClient to their end.
#pragma once

#include "sinks/http_client.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace weir::test {

struct HttpClientTest : testing::Test {
    SystemClock clock;
    HttpClientOptions options;
    boost::asio::io_context io;
    std::unique_ptr<HttpClient> client;

    HttpClientTest() {
        options.connect_timeout = std::chrono::milliseconds(3000);
        options.request_timeout = std::chrono::milliseconds(3000);
    }

    HttpResult post(const std::string& body = "body", const std::string& tenant = "") {
        make_client();
        return run(client->post({body, "text/plain", tenant}));
    }

    HttpResult get(const std::string& parameters, const std::string& tenant = "") {
        make_client();
        return run(client->get({parameters, tenant}));
    }

  private:
    void make_client() {
        if (!client) {
            client = std::make_unique<HttpClient>(io, options, clock);
        }
    }

    HttpResult run(boost::asio::awaitable<HttpResult> request) {
        HttpResult result;
        const auto keep = [&result](const std::exception_ptr& error, HttpResult got) {
            EXPECT_FALSE(error);
            result = std::move(got);
        };
        boost::asio::co_spawn(io, std::move(request), keep);
        io.restart();
        io.run();
        return result;
    }
};

}  // namespace weir::test
