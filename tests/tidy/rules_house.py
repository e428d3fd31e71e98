"""Rules on the project as a whole: a feature is complete, documents are true, nothing private."""

import re
from pathlib import PurePosixPath

from tree import PRODUCT, Finding, code_only, line_of, string_literals


def parser_complete(tree):
    """One token per feature: a parser brings its header, test, fuzzer, seeds and documentation."""
    documented = tree.files.get("docs/dialects.md")
    for path in sorted(tree.files):
        if not re.fullmatch(r"parsers/\w+\.cc", path):
            continue
        name = PurePosixPath(path).stem
        for wanted in (
            f"parsers/{name}.h",
            f"tests/parsers/{name}_test.cc",
            f"fuzz/{name}_fuzz.cc",
        ):
            if wanted not in tree.files:
                yield Finding("parser-complete", path, 1, f"{wanted} is missing")
        if not any(other.startswith(f"fuzz/corpus/{name}/") for other in tree.files):
            yield Finding("parser-complete", path, 1, f"fuzz/corpus/{name}/ has no seed")
        if documented is not None and not re.search(rf"\b{name}\b", documented):
            yield Finding("parser-complete", path, 1, f"docs/dialects.md does not name {name}")


STRAY = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b")
TEXT_WITH_OPEN_ENDS = (".h", ".cc", ".py", ".md", ".txt", ".cmake", ".json", ".yaml", ".yml", "dev")


def stray_todo(tree):
    for path, text in sorted(tree.files.items()):
        if path.endswith(TEXT_WITH_OPEN_ENDS) and not path.startswith("tests/tidy/"):
            for match in STRAY.finditer(text):
                message = f"{match.group(0)}: do it, or write down the limit it leaves"
                yield Finding("stray-todo", path, line_of(text, match.start()), message)


# Written in pieces, so that this file does not break its own rule.
PRIVATE = re.compile(
    r"(?<![\w.])/(?:"
    + "|".join(["work", "root", "home/[a-z]+", "Users/[A-Za-z]+"])
    + r")/[\w.]"
    + r"|\b(?:"
    + "|".join(
        [
            r"proxy\.golang" + r"\.org",
            r"sum\.golang" + r"\.org",
            r"pypi" + r"\.org",
            r"files\.pythonhosted" + r"\.org",
            r"registry\.npmjs" + r"\.org",
            r"crates" + r"\.io",
            r"deb\.debian" + r"\.org",
            r"repo1?\.maven" + r"\.",
        ]
    )
    + r")"
)
RECORDED_INPUT = ("fuzz/corpus/", "tests/data/")


def private_path(tree):
    """Nothing may depend on one machine's folders, nor on where packages are downloaded from."""
    for path, text in sorted(tree.files.items()):
        if path.startswith(RECORDED_INPUT):
            continue
        for match in PRIVATE.finditer(text):
            message = f"`{match.group(0)}` belongs to one machine, not to the project"
            yield Finding("private-path", path, line_of(text, match.start()), message)


METRIC = re.compile(r"\bweir_[a-z][a-z0-9_]*[a-z0-9]\b")


def documented_metrics(tree):
    document = tree.files.get("docs/metrics.md")
    if document is None:
        return
    in_code = {}
    for path, text in tree.cpp(*PRODUCT):
        for line, literal in string_literals(text):
            for name in METRIC.findall(literal):
                in_code.setdefault(name, (path, line))
    in_document = {}
    for match in re.finditer(r"`([^`\n]+)`", document):  # in the document, `quoted` names count
        for name in METRIC.findall(match.group(1)):
            in_document.setdefault(name, line_of(document, match.start()))
    for name in sorted(in_code.keys() - in_document.keys()):
        message = f"docs/metrics.md does not explain {name}"
        yield Finding("documented-metrics", *in_code[name], message)
    for name in sorted(in_document.keys() - in_code.keys()):
        message = f"no source has the metric {name}"
        yield Finding("documented-metrics", "docs/metrics.md", in_document[name], message)


# Enumerations whose every name is explained in a document of its own: (header, enum, document).
DOCUMENTED_ENUMS = [
    ("core/events.h", "EventId", "docs/events.md"),
    ("core/defects.h", "Defect", "docs/defects.md"),
]
# Where a document introduces a name: a heading, or the first cell of a table row.
INTRODUCED = re.compile(r"^(?:#+\s+|\|\s*)`([a-z_0-9]+)`", re.MULTILINE)


def documented_enums(tree):
    for header, enum, document_path in DOCUMENTED_ENUMS:
        document = tree.files.get(document_path)
        if document is None:
            continue
        in_code = dict(enum_names(tree.files.get(header, ""), enum))
        introduced = {
            match.group(1): line_of(document, match.start())
            for match in INTRODUCED.finditer(document)
        }
        for name in sorted(in_code.keys() - introduced.keys()):
            message = f"{document_path} does not introduce `{name}`"
            yield Finding("documented-enums", header, in_code[name], message)
        for name in sorted(introduced.keys() - in_code.keys()):
            message = f"{enum} of {header} has no {name}"
            yield Finding("documented-enums", document_path, introduced[name], message)


def enum_names(text, enum):
    """(name, line) of every member of `enum class ENUM`."""
    code = code_only(text)
    body = re.search(rf"\benum class {enum}\b[^{{]*\{{([^}}]*)\}}", code)
    if body:
        for match in re.finditer(r"(?:^|,)\s*([a-z]\w*)", body.group(1)):
            yield match.group(1), line_of(code, body.start(1) + match.start(1))


# Names that a program elsewhere relies on: where the code has them, and the document that explains
# each. A pattern's group is the name; an enumeration is given by its header.
DOCUMENTED_NAMES = {
    "docs/labels.md": [
        ("app/build_parts.cc", r'base_labels = \{((?:[^{}]|\{[^{}]*\})*)\}', r'\{"(\w+)"'),
        ("receivers/syslog_intake_streams.cc", None, r'labels\.(?:find|try_emplace)\("(\w+)"'),
        ("pipeline/record_metadata.cc", None, r'\b(?:put|append_metadata_pair)\("(\w+)", '),
        ("pipeline/loki_rewrite.cc", None, r'add_metadata_once\(\w+, "(\w+)"'),
        ("sinks/loki_endpoint.h", None, r'replay_label = "(\w+)"'),
        ("core/record.h", "enum ExtraKey", None),
    ],
    "docs/status.md": [
        ("app/status_json.cc", None, r'\{"(\w+)",'),
        ("app/status_json.cc", None, r'root\["(\w+)"\]'),
    ],
}
# The first cell of a table row: one name or several, each perhaps behind the path to it.
FIRST_CELL = re.compile(r"^\|([^|]*`[^|]*)\|", re.MULTILINE)
LAST_OF_PATH = re.compile(r"`(?:[a-z_0-9.*\[\]]*\.)?([a-z_0-9]+)`")


def documented_names(tree):
    for document_path, places in DOCUMENTED_NAMES.items():
        document = tree.files.get(document_path)
        if document is None:
            continue
        in_code = {}
        for path, scope, pattern in places:
            for name, line in names_in(tree.files.get(path, ""), scope, pattern):
                in_code.setdefault(name, (path, line))
        in_document = {}
        for cell in FIRST_CELL.finditer(document):
            for name in LAST_OF_PATH.findall(cell.group(1)):
                in_document.setdefault(name, line_of(document, cell.start()))
        for name in sorted(in_code.keys() - in_document.keys()):
            message = f"{document_path} does not introduce `{name}`"
            yield Finding("documented-names", *in_code[name], message)
        for name in sorted(in_document.keys() - in_code.keys()):
            message = f"no source has the name {name}"
            yield Finding("documented-names", document_path, in_document[name], message)


def names_in(text, scope, pattern):
    """(name, line) of what `pattern` finds in the text, or only within what `scope` finds."""
    if scope and scope.startswith("enum "):
        yield from enum_names(text, scope.removeprefix("enum "))
        return
    spans = [match.span() for match in re.finditer(scope, text)] if scope else [(0, len(text))]
    for start, end in spans:
        for match in re.finditer(pattern, text[start:end]):
            yield match.group(1), line_of(text, start + match.start())


RULES = [
    parser_complete,
    stray_todo,
    private_path,
    documented_metrics,
    documented_enums,
    documented_names,
]
