#!/usr/bin/env python3
"""How long `perch template env` takes, and the like with troposphere where this Python has it. template.py PERCH_BINARY TEMPLATE_BENCH
Prints Markdown and asserts nothing."""

import importlib.util
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
LOOPS = 300


def whole_process(command, runs):
    """Median milliseconds from start to end."""
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        subprocess.run(["hyperfine", "-N", "--warmup", "5", "--runs", str(runs), "--export-json", result.name, " ".join(map(str, command))], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return json.load(result)["results"][0]["median"] * 1e3


def inside(bench):
    """Microseconds by name, medians of five."""
    printed = subprocess.run([bench, "--benchmark_repetitions=5", "--benchmark_report_aggregates_only=true", "--benchmark_format=json"], check=True,
                             capture_output=True, text=True).stdout
    unit = {"us": 1, "ms": 1e3, "ns": 1e-3}
    return {one["run_name"]: one["real_time"] * unit[one["time_unit"]] for one in json.loads(printed)["benchmarks"] if one["aggregate_name"] == "median"}


def main(perch, bench):
    script = HERE / "troposphere_env.py"
    command = [perch, "--config", HERE / "perch.yaml", "template", "env", "--profile", "branch", "--format", "json"]
    times = inside(bench)
    process = whole_process(command, 200)
    print("| perch | size to hold | measured |\n|---|--:|--:|")
    print(f"| `perch template env`, the whole process | 15 ms | **{process:.1f} ms** |")
    print(f"| one template: built, checked, printed | 1 ms | **{times['BuildCheckAndPrint'] / 1e3:.2f} ms** |")
    print(f"| built only | | {times['Build'] / 1e3:.3f} ms |")
    print(f"| built and printed, unchecked | | {times['BuildAndPrint'] / 1e3:.3f} ms |")
    print(f"| the first one of a process, checked | | {times['First'] / 1e3:.2f} ms |")
    print(f"| printed as YAML | | {times['PrintAsYaml'] / 1e3:.2f} ms |")
    print(f"| 1,000 templates, from the profile to JSON, checked | 1 s | **{times['AThousand'] / 1e6:.2f} s** |\n")
    if not importlib.util.find_spec("troposphere"):
        print("troposphere: skipped, this Python has none.")
        return
    with tempfile.NamedTemporaryFile() as file:
        subprocess.run(command, check=True, stdout=file, stderr=subprocess.DEVNULL)
        same = subprocess.run([sys.executable, script, "--same", file.name], check=True, capture_output=True, text=True).stdout.strip()
    median, fastest = map(int, subprocess.run([sys.executable, script, "--time", str(LOOPS)], check=True, capture_output=True, text=True).stdout.split())
    # The interpreter itself: a shim before it would count against troposphere.
    other = whole_process([os.path.realpath(sys.executable), script], 20)
    print(f"troposphere's template and perch's: {same}.\n")
    print("| against troposphere | troposphere | perch | perch is faster |\n|---|--:|--:|--:|")
    print(f"| built and printed as JSON, imports not counted (troposphere's fastest: {fastest} µs) | {median} µs | {times['BuildAndPrint']:.0f} µs | "
          f"**{median / times['BuildAndPrint']:.0f} ×** |")
    print(f"| the same, perch's with all checks | {median} µs | {times['BuildCheckAndPrint']:.0f} µs | **{median / times['BuildCheckAndPrint']:.1f} ×** |")
    print(f"| the whole process | {other:.0f} ms | {process:.1f} ms | **{other / process:.0f} ×** |")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve())
