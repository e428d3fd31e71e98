"""The soaks' results as text, in bench/RESULTS.md between marks."""

import datetime

from arena import MIB, ROOT
from measure import machine

FILE = ROOT / "bench" / "RESULTS.md"


def table(head, rows):
    lines = [f"| {' | '.join(head)} |", "|" + "---|" * len(head)]
    return "\n".join(lines + [f"| {' | '.join(map(str, row))} |" for row in rows])


def checks_table(checks):
    rows = [(what, "yes" if held else "**no**", figures) for what, held, figures in checks.rows]
    return table(["What must hold", "Held", "Figures"], rows)


def memory_line(samples):
    """Resident memory over the run, in ten equal parts: the highest of each."""
    parts = []
    for n in range(10):
        part = samples[len(samples) * n // 10 : len(samples) * (n + 1) // 10]
        if part:
            parts.append(f"{max(part) / MIB:.1f}")
    return f"Highest resident memory in each tenth of the run, in MiB: {', '.join(parts)}."


def write(name, title, command, parts):
    """Replaces the soak's section between its marks, or adds it at the end."""
    text = "\n\n".join([f"{datetime.date.today().isoformat()}, {machine()}.", f"    {command}", *parts])
    begin, end = f"<!-- soak {name}: begin -->", f"<!-- soak {name}: end -->"
    section = f"{begin}\n## {title}\n\n{text}\n{end}"
    old = FILE.read_text()
    if begin in old:
        before, rest = old.split(begin, 1)
        new = before + section + rest.split(end, 1)[1]
    else:
        new = old.rstrip("\n") + "\n\n" + section + "\n"
    FILE.write_text(new)
    print(f"written into {FILE.relative_to(ROOT)}")
