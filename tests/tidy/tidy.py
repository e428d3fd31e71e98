"""Checks the house rules that no compiler checks. Prints each finding as path:line: [rule] message
and exits with 1 when there is any. Python's standard library only.

    python3 tests/tidy/tidy.py [ROOT]

A waiver is a line in waivers.txt: `rule path  # reason`. One without a reason, or one that waives
nothing any more, is itself a finding.
"""

import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))

import rules_code  # noqa: E402
import rules_house  # noqa: E402
from tree import Finding, Tree  # noqa: E402

RULES = rules_code.RULES + rules_house.RULES
WAIVERS = "tests/tidy/waivers.txt"
WAIVER = re.compile(r"^(?P<rule>[a-z-]+)\s+(?P<path>\S+)\s+#\s*(?P<reason>\S.*)$")


def find_all(tree):
    """Every finding that no waiver covers, in the order of the rules."""
    waivers, findings = read_waivers(tree.files.get(WAIVERS, ""))
    used = set()
    for rule in RULES:
        for finding in rule(tree):
            key = (finding.rule, finding.path)
            if key in waivers:
                used.add(key)
            else:
                findings.append(finding)
    for key in sorted(waivers.keys() - used):
        findings.append(Finding("waiver", WAIVERS, waivers[key], f"{' '.join(key)} waives nothing"))
    return findings


def read_waivers(text):
    waivers, findings = {}, []
    for number, line in enumerate(text.splitlines(), 1):
        match = WAIVER.match(line)
        if match:
            waivers[(match.group("rule"), match.group("path"))] = number
        elif line.strip() and not line.startswith("#"):
            findings.append(Finding("waiver", WAIVERS, number, "not `rule path  # reason`"))
    return waivers, findings


def main(arguments):
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parents[2]
    tree = Tree.read(root)
    if not any(True for _ in tree.cpp("core")):
        print(f"{root} has no C++ in core/: not the project's root")
        return 2
    findings = find_all(tree)
    for finding in findings:
        print(finding)
    print(f"{len(findings)} findings in {len(tree.files)} files")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
