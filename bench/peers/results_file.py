"""bench/RESULTS.md: sections between marks that the measuring programs replace, and tables."""

from subjects import ROOT

FILE = ROOT / "bench" / "RESULTS.md"


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])


def write_section(mark, title, text):
    """Replaces the section between its marks, or adds it at the end."""
    begin, end = f"<!-- {mark}: begin -->", f"<!-- {mark}: end -->"
    section = f"{begin}\n## {title}\n\n{text}\n{end}"
    old = FILE.read_text()
    if begin in old:
        before, rest = old.split(begin, 1)
        new = before + section + rest.split(end, 1)[1]
    else:
        new = old.rstrip("\n") + "\n\n" + section + "\n"
    FILE.write_text(new)
    print(f"written into {FILE.relative_to(ROOT)}")
