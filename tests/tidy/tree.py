"""The files the house rules look at, and the C++ reading they share."""

import re
import subprocess
from pathlib import Path
from typing import Dict, NamedTuple

PRODUCT = ("core", "parsers", "pipeline", "receivers", "sinks", "app")
SKIPPED_DIRECTORIES = {"build", ".git", "__pycache__", "weir-data"}


class Finding(NamedTuple):
    rule: str
    path: str
    line: int
    message: str

    def __str__(self):
        return f"{self.path}:{self.line}: [{self.rule}] {self.message}"


class Tree:
    """Value. Text files by their path from the root; everything that is not UTF-8 is left out."""

    def __init__(self, files: Dict[str, str]):
        self.files = files

    @staticmethod
    def read(root: Path) -> "Tree":
        files = {}
        for name in list_files(root):
            path = root / name
            if path.is_file() and not path.is_symlink():
                try:
                    files[name] = path.read_text(encoding="utf-8")
                except UnicodeDecodeError:
                    files[name] = ""  # there, but not text: corpora and pictures
        return Tree(files)

    def cpp(self, *folders):
        """Paths and texts of C++ files, of all folders or of those named."""
        for path, text in sorted(self.files.items()):
            if path.endswith((".h", ".cc")) and (not folders or path.split("/")[0] in folders):
                yield path, text


def list_files(root: Path):
    """What git tracks or would track; all files where there is no git (an unpacked archive)."""
    command = ["git", "-C", str(root), "ls-files", "--cached", "--others", "--exclude-standard"]
    try:
        output = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
        return output.decode().splitlines()
    except (OSError, subprocess.SubprocessError):
        paths = (path for path in root.rglob("*") if path.is_file())
        names = (path.relative_to(root) for path in paths)
        return [str(name) for name in names if not SKIPPED_DIRECTORIES & set(name.parts)]


LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<tag>[^()\\\s]{0,16})\(.*?\)(?P=tag)"'  # raw string
    r'|"(?:\\.|[^"\\\n])*"'
    r"|(?<![0-9A-Fa-f])'(?:\\.|[^'\\\n])+'"  # not a digit separator
    r"|//[^\n]*"
    r"|/\*.*?\*/",
    re.DOTALL,
)


def code_only(text: str) -> str:
    """The text with comments and the contents of literals blanked, every line at its place."""

    def blank(match):
        found = match.group(0)
        inside = re.sub(r"[^\n]", " ", found[1:-1])
        return '"' + inside + '"' if found[0] in "R\"'" else " " + inside + " "

    return LITERAL_OR_COMMENT.sub(blank, text)


def string_literals(text: str):
    """(line, content) of every ordinary string literal outside comments."""
    for match in LITERAL_OR_COMMENT.finditer(text):
        if match.group(0).startswith('"'):
            yield line_of(text, match.start()), match.group(0)[1:-1]


def line_of(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1
