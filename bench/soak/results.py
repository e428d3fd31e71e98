"""The soaks' results as text, in bench/RESULTS.md between marks."""

import datetime

from arena import MIB
from measure import machine
from results_file import table, write_section


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
    date = datetime.date.today().isoformat()
    text = "\n\n".join([f"{date}, {machine()}.", f"    {command}", *parts])
    write_section(f"soak {name}", title, text)
