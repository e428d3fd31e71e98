"""Which builds have crash points: those for testing, and never one that ships.

    crash_points_test.py BINARY ON|OFF COMPILER     BINARY is weir as built here, by that setting
"""

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
WITH = {"dev", "asan", "tsan"}
MARKS = (b"WEIR_CRASH_AT", b"there is no crash point")  # the points' names are in debug information


def switched_on(presets, name):
    """The setting of a preset, its own or inherited."""
    preset = presets[name]
    own = preset.get("cacheVariables", {}).get("WEIR_CRASH_POINTS")
    if own is not None:
        return own == "ON"
    parents = preset.get("inherits", [])
    parents = [parents] if isinstance(parents, str) else parents
    return any(switched_on(presets, parent) for parent in parents)


def holds_mark(binary):
    program = binary.read_bytes()
    return any(mark in program for mark in MARKS)


def left_without_the_switch(compiler):
    """Whether the source still does anything when it is compiled as what ships is."""
    source = ROOT / "core" / "crash_point.cc"
    command = [compiler, "-std=c++20", "-E", "-P", f"-I{ROOT}", source]
    text = subprocess.run(command, check=True, capture_output=True, timeout=60).stdout
    return b"SIGKILL" in text or b'"segment_created"' in text


def main(binary, setting, compiler):
    wrong = []
    configure = json.loads((ROOT / "CMakePresets.json").read_text())["configurePresets"]
    presets = {preset["name"]: preset for preset in configure}
    for name in (name for name, preset in presets.items() if not preset.get("hidden")):
        if switched_on(presets, name) != (name in WITH):
            wrong.append(f"preset {name}: crash points are {'off' if name in WITH else 'on'}")
    if holds_mark(Path(binary)) != (setting == "ON"):
        wrong.append(f"{binary}: WEIR_CRASH_POINTS is {setting}, the program says otherwise")
    if left_without_the_switch(compiler):
        wrong.append("core/crash_point.cc: something is left without WEIR_CRASH_POINTS")
    # What ships, if it was built here as well.
    for name in sorted(presets.keys() - WITH):
        built = ROOT / "build" / name / "weir"
        if built.exists() and holds_mark(built):
            wrong.append(f"{built.relative_to(ROOT)} has crash points")
    print("\n".join(wrong) or "only builds for testing have crash points")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
