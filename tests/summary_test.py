"""Proves that the closing line of ./dev test counts what happened, above all what went wrong."""

import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

SUMMARY = Path(__file__).resolve().with_name("summary.py")
REPORT = """<testsuites><testsuite>
<testcase name="good"/>
<testcase name="bad"><failure message="no"/></testcase>
<testcase name="broken"><error message="no"/></testcase>
<testcase name="left out"><skipped message="no peer"/></testcase>
<testcase name="gtest"><skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/><system-out>
file.cc:12: Skipped
needs root
</system-out></testcase>
</testsuite></testsuites>"""
GOOD = '<testsuite><testcase name="a"/><testcase name="b"/></testsuite>'


class SummaryTest(unittest.TestCase):
    def run_on(self, *suites):
        """(exit status, output lines) for (report text or None, runner's status) pairs."""
        with tempfile.TemporaryDirectory() as folder:
            arguments = []
            for number, (text, status) in enumerate(suites):
                report = Path(folder) / f"{number}.xml"
                if text is not None:
                    report.write_text(text)
                arguments.append(f"suite{number}:{report}:{status}")
            command = [sys.executable, "-B", str(SUMMARY), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=30)
        return done.returncode, done.stdout.splitlines()

    def test_counts_every_kind_and_names_it(self):
        status, lines = self.run_on((REPORT, 1))
        self.assertEqual((1, "1 passed, 2 failed, 2 skipped"), (status, lines[-1]))
        self.assertIn("skipped  suite0: left out: no peer", lines)
        self.assertIn("skipped  suite0: gtest: needs root", lines)
        self.assertIn("FAILED   suite0: broken", lines)

    def test_sums_suites(self):
        self.assertEqual((0, ["4 passed, 0 failed, 0 skipped"]), self.run_on((GOOD, 0), (GOOD, 0)))

    def test_a_crashed_runner_is_a_failure(self):
        for report in (None, "<testsuite>", GOOD):
            with self.subTest(report=report):
                status, lines = self.run_on((report, 139))
                self.assertEqual(1, status)
                self.assertIn(" 1 failed", lines[-1])

    def test_running_nothing_is_no_success(self):
        status, lines = self.run_on(("<testsuite/>", 0))
        self.assertEqual((1, "0 passed, 0 failed, 0 skipped"), (status, lines[-1]))


if __name__ == "__main__":
    unittest.main()
