#include "app/yaml_tree.h"

#include <fmt/format.h>
#include <simdjson.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <istream>
#include <streambuf>
#include <unordered_map>

namespace weir {

namespace {

// Noncharacters (U+FDD0, U+FDD1) stand in for the braces of ${...} while YAML is parsed, so that an
// unquoted reference inside a flow collection stays one plain scalar.
constexpr std::string_view brace_open_mark = "\xEF\xB7\x90";
constexpr std::string_view brace_close_mark = "\xEF\xB7\x91";

bool is_name_char(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

// Length of "{NAME}" or "{NAME:-default}" at the start of `text`, 0 when it is neither.
std::size_t reference_length(std::string_view text) {
    std::size_t i = 1;
    while (i < text.size() && is_name_char(text[i])) {
        ++i;
    }
    if (i == 1 || i >= text.size()) {
        return 0;
    }
    if (text.substr(i).starts_with(":-")) {
        i = text.find_first_of("{}\n\r\"'", i);  // a quote ends the scalar it stands in
    }
    return i < text.size() && text[i] == '}' ? i + 1 : 0;
}

std::string with_masked_braces(std::string_view text) {
    std::string masked;
    masked.reserve(text.size() + 64);
    while (!text.empty()) {
        const std::size_t dollar = text.find("${");
        masked += text.substr(0, dollar);
        if (dollar == std::string_view::npos) {
            break;
        }
        text.remove_prefix(dollar + 1);
        masked += '$';
        const bool escaped = masked.ends_with("$$");
        const std::size_t length = escaped ? 0 : reference_length(text);
        if (length > 0) {
            masked += brace_open_mark;
            masked += text.substr(1, length - 2);
            masked += brace_close_mark;
            text.remove_prefix(length);
        }
    }
    return masked;
}

void replace_all(std::string& text, std::string_view from, char to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
        text.replace(at, from.size(), 1, to);
    }
}

std::string without_marks(std::string text) {
    if (text.find(brace_open_mark.substr(0, 2)) != std::string::npos) {
        replace_all(text, brace_open_mark, '{');
        replace_all(text, brace_close_mark, '}');
    }
    return text;
}

// A stream over borrowed bytes; std::istringstream would copy the file once more.
class ViewBuffer final : public std::streambuf {
  public:
    explicit ViewBuffer(std::string& bytes) {
        setg(bytes.data(), bytes.data(), bytes.data() + bytes.size());
    }
};

int line_at(std::string_view text, std::size_t offset) {
    return 1 + static_cast<int>(std::count(
                   text.begin(), text.begin() + static_cast<std::ptrdiff_t>(offset), '\n'));
}

// What no document may contain, before YAML sees it.
tl::expected<void, YamlProblem> check_bytes(std::string_view text) {
    if (text.size() > yaml_bytes_max) {
        return tl::unexpected<YamlProblem>(
            {0, fmt::format("file is larger than {} MiB", yaml_bytes_max / 1024 / 1024)});
    }
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if ((byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f) {
            return tl::unexpected<YamlProblem>(
                {line_at(text, i), fmt::format("control character 0x{:02x}", byte)});
        }
    }
    if (!simdjson::validate_utf8(text.data(), text.size())) {
        return tl::unexpected<YamlProblem>({0, "file is not valid UTF-8"});
    }
    for (const std::string_view mark : {brace_open_mark, brace_close_mark}) {
        if (const std::size_t at = text.find(mark); at != std::string_view::npos) {
            return tl::unexpected<YamlProblem>(
                {line_at(text, at), "noncharacter U+FDD0 or U+FDD1"});
        }
    }
    return {};
}

}  // namespace

// Resource. Receives yaml-cpp's events. Throws YamlProblem through the parser to stop it; parse()
// below is the rim where every exception ends.
class YamlTreeBuilder final : public YAML::EventHandler {
  public:
    YamlTreeBuilder() { tree_.nodes_.emplace_back(); }

    void OnDocumentStart(const YAML::Mark& mark) override {
        if (++documents_ > 1) {
            throw YamlProblem{mark.line + 1, "more than one YAML document in the file"};
        }
    }

    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const std::uint32_t index = add(mark, YamlNode::Kind::null);
        if (!open_.empty() && tree_.nodes_[open_.back().index].kind == YamlNode::Kind::map) {
            // yaml-cpp marks a missing value where the next token stands, maybe lines below its
            // key.
            tree_.nodes_[index].line = open_.back().key_line;
        }
        remember(anchor, index, true);
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end() || !found->second.complete) {
            throw YamlProblem{mark.line + 1, "alias refers to the node it stands in"};
        }
        const std::uint32_t index = add(mark, YamlNode::Kind::alias);
        tree_.nodes_[index].target = found->second.index;
        count(found->second.size, mark.line + 1);
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        const std::uint32_t index = add(mark, YamlNode::Kind::scalar);
        tree_.nodes_[index].quoted = tag == "!";
        tree_.nodes_[index].text = without_marks(value);
        remember(anchor, index, true);
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, YamlNode::Kind::sequence);
    }

    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        open(mark, tag, anchor, YamlNode::Kind::map);
    }

    void OnMapEnd() override { close(); }

    [[nodiscard]] YamlTree take() { return std::move(tree_); }

  private:
    struct Open {
        std::uint32_t index = 0;
        std::uint32_t last_child = 0;
        std::uint32_t children = 0;
        int key_line = 1;
        YAML::anchor_t anchor = 0;
        std::size_t expanded_before = 0;
    };

    struct Anchor {
        std::uint32_t index = 0;
        std::size_t size = 1;
        bool complete = false;
    };

    static void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag != "?" && tag != "!" && !tag.empty()) {
            throw YamlProblem{mark.line + 1, "YAML tags are not used here"};
        }
    }

    void count(std::size_t nodes, int line) {
        expanded_ += nodes;
        if (expanded_ > yaml_nodes_max) {
            throw YamlProblem{
                line, fmt::format("more than {} values, with aliases expanded", yaml_nodes_max)};
        }
    }

    std::uint32_t add(const YAML::Mark& mark, YamlNode::Kind kind) {
        const auto index = static_cast<std::uint32_t>(tree_.nodes_.size());
        const int line = mark.line + 1;
        count(1, line);
        tree_.nodes_.emplace_back();
        tree_.nodes_[index].line = line;
        tree_.nodes_[index].kind = kind;
        if (open_.empty()) {
            tree_.root_ = index;
            return index;
        }
        Open& parent = open_.back();
        const bool is_key =
            tree_.nodes_[parent.index].kind == YamlNode::Kind::map && parent.children % 2 == 0;
        if (is_key && kind != YamlNode::Kind::scalar) {
            throw YamlProblem{line, "a key must be plain text; is a [ or { not closed?"};
        }
        if (parent.last_child == 0) {
            tree_.nodes_[parent.index].first_child = index;
        } else {
            tree_.nodes_[parent.last_child].next = index;
        }
        parent.key_line = is_key ? line : parent.key_line;
        parent.last_child = index;
        ++parent.children;
        return index;
    }

    void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
              YamlNode::Kind kind) {
        check_tag(mark, tag);
        if (open_.size() >= yaml_depth_max) {
            throw YamlProblem{mark.line + 1,
                              fmt::format("nested deeper than {} levels", yaml_depth_max)};
        }
        const std::size_t before = expanded_;
        const std::uint32_t index = add(mark, kind);
        remember(anchor, index, false);
        open_.push_back(Open{.index = index, .anchor = anchor, .expanded_before = before});
    }

    void close() {
        const Open& closed = open_.back();
        if (closed.anchor != 0) {
            anchors_[closed.anchor].complete = true;
            anchors_[closed.anchor].size = expanded_ - closed.expanded_before;
        }
        open_.pop_back();
    }

    void remember(YAML::anchor_t anchor, std::uint32_t index, bool complete) {
        if (anchor != 0) {
            anchors_[anchor] = Anchor{.index = index, .complete = complete};
        }
    }

    YamlTree tree_;
    std::vector<Open> open_;
    std::unordered_map<YAML::anchor_t, Anchor> anchors_;
    std::size_t expanded_ = 0;
    int documents_ = 0;
};

tl::expected<YamlTree, YamlProblem> YamlTree::parse(std::string_view text) {
    if (const auto checked = check_bytes(text); !checked) {
        return tl::unexpected<YamlProblem>(checked.error());
    }
    std::string masked = with_masked_braces(text);
    try {
        ViewBuffer buffer(masked);
        std::istream stream(&buffer);
        YAML::Parser parser(stream);
        YamlTreeBuilder builder;
        while (parser.HandleNextDocument(builder)) {
        }
        return builder.take();
    } catch (const YamlProblem& problem) {
        return tl::unexpected<YamlProblem>(problem);
    } catch (const YAML::Exception& error) {
        return tl::unexpected<YamlProblem>(
            {error.mark.line + 1, "not valid YAML: " + without_marks(error.msg)});
    } catch (const std::exception& error) {
        return tl::unexpected<YamlProblem>({0, fmt::format("cannot read YAML: {}", error.what())});
    }
}

const YamlNode* YamlTree::root() const {
    return root_ == 0 ? nullptr : &nodes_[root_];
}

const YamlNode* YamlTree::first_child(const YamlNode& node) const {
    const YamlNode& target = resolved(node);
    return target.first_child == 0 ? nullptr : &nodes_[target.first_child];
}

const YamlNode* YamlTree::next(const YamlNode& node) const {
    return node.next == 0 ? nullptr : &nodes_[node.next];
}

const YamlNode& YamlTree::resolved(const YamlNode& node) const {
    // An alias never refers to an alias: an anchor names a node with content.
    return node.kind == YamlNode::Kind::alias ? nodes_[node.target] : node;
}

}  // namespace weir
