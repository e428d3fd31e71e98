"""Adds up JUnit reports: prints every failure's name and every skip's reason, and closes with
`N passed, N failed, N skipped`. Exits with 1 when anything failed or nothing ran.

Arguments are NAME:REPORT:STATUS, where STATUS is what the runner exited with. A runner that failed
without saying which test (a crash, a failed build) counts as one failure.
"""

import re
import sys
import xml.etree.ElementTree as ElementTree

# googletest prints the place on one line and the reason on the next, ctest keeps only the output.
GTEST_SKIP = re.compile(r"^\S+:\d+: Skipped\n(.+)$", re.MULTILINE)


class Summary:
    def __init__(self):
        self.passed = 0
        self.failures = []
        self.skips = []

    def add_suite(self, name, report, status):
        failures_before = len(self.failures)
        try:
            cases = list(ElementTree.parse(report).iter("testcase"))
        except (OSError, ElementTree.ParseError):
            cases = []
        for case in cases:
            self.add_case(name, case)
        if status != 0 and len(self.failures) == failures_before:
            self.failures.append(f"{name}: ended with status {status} before naming a test")

    def add_case(self, suite, case):
        title = f"{suite}: {case.get('name')}"
        skipped = case.find("skipped")
        if case.find("failure") is not None or case.find("error") is not None:
            self.failures.append(title)
        elif skipped is not None:
            self.skips.append(f"{title}: {skip_reason(case, skipped)}")
        else:
            self.passed += 1

    def print(self):
        for line in self.skips:
            print(f"skipped  {line}")
        for line in self.failures:
            print(f"FAILED   {line}")
        print(
            f"{self.passed} passed, {len(self.failures)} failed, {len(self.skips)} skipped",
            flush=True,
        )


def skip_reason(case, skipped):
    output = case.findtext("system-out") or ""
    found = GTEST_SKIP.search(output)
    reason = found.group(1) if found else skipped.get("message") or "no reason given"
    return " ".join(reason.split())


def main(arguments):
    summary = Summary()
    for argument in arguments:
        name, report, status = argument.split(":")
        summary.add_suite(name, report, int(status))
    summary.print()
    return 1 if summary.failures or not summary.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
