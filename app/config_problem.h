// What is wrong with a configuration, collected so that one run of `weir check` names all of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weir {

enum class Severity : std::uint8_t {
    error,    // the configuration is refused
    warning,  // it is taken, but probably not meant so
};

// Value. `line` counts from 1, 0 when the file as a whole is to blame; `path` is "loki[0].url",
// empty when no key is to blame.
struct ConfigProblem {
    int line = 0;
    std::string path;
    std::string message;
    Severity severity = Severity::error;
};

// "weir.yaml:12: loki[0].url: is required", with "warning: " before the path of a warning.
[[nodiscard]] std::string to_string(const ConfigProblem& problem, std::string_view file);

// Value. The first problems, in the order of their lines once sorted.
class ConfigProblems {
  public:
    static constexpr std::size_t problems_max = 50;

    void error(int line, std::string path, std::string message);
    void warning(int line, std::string path, std::string message);

    [[nodiscard]] bool has_errors() const { return has_errors_; }

    // More were found than are kept; a reader may stop.
    [[nodiscard]] bool overflowed() const { return left_out_; }

    // Sorted by line; closed by a remark when some were left out.
    [[nodiscard]] std::vector<ConfigProblem> take();

  private:
    void add(ConfigProblem problem);

    std::vector<ConfigProblem> problems_;
    bool has_errors_ = false;
    bool left_out_ = false;
};

}  // namespace weir
