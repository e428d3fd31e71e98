// `weir ledger`: both balances for a human, from a weir that runs or from the spool of one that
// does not.
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>

namespace weir {

struct LedgerOptions {
    std::string url = "http://127.0.0.1:12345";  // of the admin port
    std::string token_file;                      // what the admin port asks for, if it does
    std::string tls_ca;                          // PEM of its issuers; empty: the system's
    std::string spool_directory;                 // instead of a weir that runs
};

// Prints the account. Returns the exit status: 0 when every balance holds, 1 when the account
// cannot be read, 3 when a balance does not hold.
[[nodiscard]] int run_ledger_command(const LedgerOptions& options, std::ostream& out,
                                     std::ostream& messages);

// The same of the body of /api/v1/status. 1 for a text that is none.
[[nodiscard]] int print_ledger(std::string_view status_json, std::ostream& out,
                               std::ostream& messages);

}  // namespace weir
