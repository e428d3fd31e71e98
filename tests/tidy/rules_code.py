"""Rules on C++ text: who includes whom, what is banned, how long things may be."""

import re

from tree import PRODUCT, Finding, code_only, line_of

# Folder -> folders whose headers it may include. The link line of each library says the same.
FOLDER_INCLUDES = {
    "core": {"core"},
    "parsers": {"core", "parsers"},
    "pipeline": {"core", "pipeline"},
    "receivers": {"core", "parsers", "pipeline", "receivers"},
    "sinks": {"core", "pipeline", "sinks"},
    "app": {"core", "parsers", "pipeline", "receivers", "sinks", "app"},
}

# Prefix of an angle-bracket include -> folders it may appear in.
LIBRARY_INCLUDES = {
    "fmt/": set(PRODUCT),
    "tl/expected.hpp": {"core"},
    "simdjson": {"parsers", "sinks", "app"},
    "google/protobuf/": {"parsers", "receivers"},
    "protozero/": {"parsers", "pipeline", "app"},
    "snappy": {"pipeline"},
    "sqlite3.h": {"pipeline"},
    "re2/": {"pipeline", "app"},
    "boost/": {"receivers", "sinks", "app"},
    "openssl/": {"receivers", "sinks", "app"},
    "zstd.h": {"sinks"},
    "grpc": {"receivers", "app"},
    "net-snmp/": {"receivers"},
    "yaml-cpp/": {"app"},
    "CLI/": {"app"},
    "nlohmann/": {"app"},
    "prometheus/": {"app"},
}

# POSIX and Linux headers: everywhere but in the pure parsers.
SYSTEM_HEADER = re.compile(r"^(sys|netinet|arpa|net|linux|bits)/|^[a-z0-9_]+\.h$")
STANDARD_HEADER = re.compile(r"^[a-z0-9_]+$")
C_LIBRARY_IN_PARSERS = {"string.h", "stdint.h"}

INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+([<"])([^>"]+)[>"]', re.MULTILINE)


def include_direction(tree):
    for path, text in tree.cpp(*PRODUCT):
        folder = path.split("/")[0]
        for match in INCLUDE.finditer(text):
            check = own_include if match.group(1) == '"' else library_include
            problem = check(folder, match.group(2))
            if problem:
                yield Finding("include-direction", path, line_of(text, match.start()), problem)


def own_include(folder, name):
    other = name.split("/")[0]
    if "/" not in name or other not in FOLDER_INCLUDES:
        return f'"{name}": our headers are included as "folder/file.h" from the root'
    if other not in FOLDER_INCLUDES[folder]:
        return f"{folder} may not include {other} ({name})"
    return None


def library_include(folder, name):
    if STANDARD_HEADER.match(name):
        return None
    for prefix, folders in LIBRARY_INCLUDES.items():
        if name.startswith(prefix):
            where = ", ".join(sorted(folders))
            return None if folder in folders else f"<{name}> belongs in {where} only"
    if SYSTEM_HEADER.match(name):
        pure = folder == "parsers" and name not in C_LIBRARY_IN_PARSERS
        return f"<{name}>: parsers are pure and touch no system interface" if pure else None
    return f"<{name}> is in no folder's list of libraries"


EVERYWHERE = ("core", "parsers", "pipeline", "receivers", "sinks", "app", "fuzz", "bench", "tests")
BELOW_APP = ("core", "parsers", "pipeline", "receivers", "sinks")

# (token, folders it is banned in, what to use)
BANNED = [
    (r"\bstd::w?(regex|smatch|cmatch)\b", EVERYWHERE, "RE2, whose time is linear"),
    (r"\bv?sprintf\s*\(", EVERYWHERE, "fmt::format_to_n"),
    (r"\bato[ifl]l?\s*\(|\bstrto[dfl]+l?\s*\(", EVERYWHERE, "std::from_chars"),
    (r"\bstrtok(_r)?\s*\(", EVERYWHERE, "a string_view and find"),
    (r"\bstrn?cpy\s*\(|\bstrcat\s*\(", EVERYWHERE, "std::string or a sized copy"),
    (r"\bnew\s+[A-Za-z_:(]", EVERYWHERE, "std::make_unique"),
    (r"(?<!=)\s\bdelete\b(\[\])?\s+?[A-Za-z_*(]", EVERYWHERE, "an owner with a destructor"),
    (r"\bstd::(ranges::)?views\b", EVERYWHERE, "a loop: clang 14 does not take libstdc++'s views"),
    (r"\bstd::source_location\b", EVERYWHERE, "a macro with __FILE__: clang 14 lacks it"),
    (r"\bstd::v?format(_to)?\b", EVERYWHERE, "fmt::format: g++ 12 lacks it"),
    (r"\bstd::expected\b", EVERYWHERE, "Result of core/result.h"),
    (r"\b(sleep_for|sleep_until|usleep|nanosleep)\b|\bsleep\s*\(", PRODUCT, "a timer"),
    (
        r"\b(system|steady|high_resolution)_clock::now\b|\bclock_gettime\b|\bgettimeofday\b"
        r"|\bstd::time\s*\(|\btime\s*\(\s*(nullptr|NULL|0)\s*\)",
        ("parsers", "pipeline", "receivers", "sinks"),
        "a Clock given at construction, or `now` as an argument",
    ),
    (r"\bstd::(cout|cerr|clog)\b|\bv?f?printf\s*\(", BELOW_APP, "a returned value: only app talks"),
    (r"\bgetenv\s*\(", BELOW_APP, "an option: only app reads the environment"),
]


def banned_token(tree):
    rules = [(re.compile(pattern), folders, instead) for pattern, folders, instead in BANNED]
    for path, text in tree.cpp():
        code = code_only(text)
        for pattern, folders, instead in rules:
            if path.split("/")[0] not in folders:
                continue
            for match in pattern.finditer(code):
                token = match.group(0).strip()
                line = line_of(code, match.start() + len(match.group(0)) - len(token))
                yield Finding("banned-token", path, line, f"`{token}`: use {instead}")


# A lambda introducer that captures: not a subscript (nothing to its left that could be indexed)
# and not an attribute.
CAPTURING_LAMBDA = re.compile(r"(?<![\w\])\[])\s*\[(?!\[)[^\]\[]+\]\s*(\(|\{|mutable)")
AWAIT = re.compile(r"\bco_await\b")


def await_trap(tree):
    """g++ 12 miscompiles these two shapes of a co_await expression."""
    for path, text in tree.cpp():
        code = code_only(text)
        for match in AWAIT.finditer(code):
            line = line_of(code, match.start())
            start = max(code.rfind(mark, 0, match.start()) for mark in ";{}") + 1
            expression = statement_from(code, match.end())
            if CAPTURING_LAMBDA.search(expression):
                message = "a capturing lambda inside co_await: name it on the line before"
                yield Finding("await-trap", path, line, message)
            if "?" in code[start : match.start()] or "?" in expression.split("{")[0]:
                yield Finding("await-trap", path, line, "co_await inside ?: : use if")


def statement_from(code, offset):
    """From offset to the end of the statement: the first ; outside brackets, or a closing one."""
    depth = 0
    for end in range(offset, len(code)):
        character = code[end]
        depth += character in "([{"
        depth -= character in ")]}"
        if depth < 0 or (depth == 0 and character == ";"):
            return code[offset:end]
    return code[offset:]


HEADER_LINES_MAX = 200
SOURCE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
LINE_CHARACTERS_MAX = 100


def size_limit(tree):
    for path, text in tree.cpp():
        lines = text.splitlines()
        limit = HEADER_LINES_MAX if path.endswith(".h") else SOURCE_LINES_MAX
        if len(lines) > limit:
            yield Finding("size-limit", path, limit, f"{len(lines)} lines, at most {limit}")
        for number, line in enumerate(lines, 1):
            if len(line) > LINE_CHARACTERS_MAX:
                message = f"{len(line)} characters, at most {LINE_CHARACTERS_MAX}"
                yield Finding("size-limit", path, number, message)
        for first, length in function_lengths(code_only(text)):
            if length > FUNCTION_LINES_MAX:
                message = f"function of {length} lines, at most {FUNCTION_LINES_MAX}"
                yield Finding("size-limit", path, first, message)


TEMPLATE = re.compile(r"\btemplate\s*<[^{};]*?>\s*(?=[\w\[:~])")
SCOPE_HEAD = re.compile(r"^\s*(\[\[[^\]]*\]\]\s*)?(typedef\s+|inline\s+|extern\b|enum\b|namespace\b"
                        r"|class\b|struct\b|union\b)")
MEMBER_INITIALISER = re.compile(r"\)[^()]*(?<!:):(?!:).*[\w>]\s*$|\)\s*:\s*[\w:<>]+\s*$", re.DOTALL)


def brace_kind(head, inside_function):
    """What an opening brace after `head` opens: scope, function, member initialiser or other."""
    if inside_function:
        return "block"
    plain = TEMPLATE.sub("", head)
    if "(" in plain and MEMBER_INITIALISER.search(plain) and not plain.rstrip().endswith(")"):
        return "initialiser"
    declared = re.sub(r"\balignas\s*\([^)]*\)", "", plain)
    if SCOPE_HEAD.match(declared) and ("(" not in declared or "=" in declared.split("(")[0]):
        return "scope"
    return "function" if "(" in declared else "block"


def function_lengths(code):
    """(first line, lines of the body) of every function that is not inside another one."""
    stack = []  # (kind, line)
    head_start = 0
    for offset, character in enumerate(code):
        if character == "{":
            kind = brace_kind(
                re.sub(r"^[ \t]*#[^\n]*", "", code[head_start:offset], flags=re.MULTILINE),
                any(kind == "function" for kind, _ in stack),
            )
            stack.append((kind, line_of(code, offset)))
            head_start = head_start if kind == "initialiser" else offset + 1
        elif character == "}" and stack:
            kind, line = stack.pop()
            if kind == "function":
                yield line, line_of(code, offset) - line + 1
            head_start = head_start if kind == "initialiser" else offset + 1
        elif character == ";" and not (stack and stack[-1][0] == "initialiser"):
            head_start = offset + 1


RESULT = re.compile(r"\bResult<")


def result_nodiscard(tree):
    """tl::expected is not itself [[nodiscard]], so every function that returns one says so."""
    for path, text in tree.cpp(*PRODUCT):
        if not path.endswith(".h"):
            continue
        code = code_only(text)
        for match in RESULT.finditer(code):
            end = closing_angle(code, match.end())
            if not re.match(r"\s*>*\s+[\w:]+\s*\(", code[end:]):
                continue
            start = max(code.rfind(mark, 0, match.start()) for mark in (";", "{", "}", "\n\n")) + 1
            declaration = code[start : match.start()]
            if "[[nodiscard]]" not in declaration and "using" not in declaration:
                message = "a function that returns Result needs [[nodiscard]]"
                yield Finding("result-nodiscard", path, line_of(code, match.start()), message)


def closing_angle(code, offset):
    depth = 1
    while offset < len(code) and depth:
        depth += code[offset] == "<"
        depth -= code[offset] == ">"
        offset += 1
    return offset


RULES = [include_direction, banned_token, await_trap, size_limit, result_nodiscard]
