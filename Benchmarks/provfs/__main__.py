# SPDX-License-Identifier: Apache-2.0
"""Compares provfs with the plain directory and with other FUSE passthrough filesystems."""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from requests import RequestCounter
from rows import ROWS, UNLINK, Inputs
from systems import all_systems


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench-provfs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="interleaved rounds (default 5)")
    parser.add_argument("--files", type=int, default=2000, help="small files (default 2000)")
    parser.add_argument("--megabytes", type=int, default=64, help="data size (default 64)")
    parser.add_argument("--processes", default="1,2", help="how many at a time (default 1,2)")
    parser.add_argument("--system", action="append", help="only these, with native")
    parser.add_argument("--row", action="append", help="only rows whose name contains this")
    parser.add_argument(
        "--tree", type=Path, default=Path("/usr/include/linux"),
        help="directory whose files are archived and committed (default /usr/include/linux)",
    )
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    return parser.parse_args()


def prepare(work, arguments):
    """Makes the inputs on the plain filesystem."""
    micro = work / "micro"
    source = Path(__file__).with_name("micro.c")
    subprocess.run(["cc", "-O2", "-Wall", "-Wextra", "-Werror", "-o", micro, source], check=True)
    archive = work / "tree.tar"
    subprocess.run(["tar", "-cf", archive, "-C", arguments.tree, "."], check=True)
    repository = work / "repository"
    repository.mkdir()
    subprocess.run(["tar", "-xf", archive, "-C", repository], check=True)
    git = ["git", "-C", repository, "-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "-Af"], check=True)
    subprocess.run([*git, "commit", "-qm", "Everything"], check=True)
    sources = work / "sources"
    sources.mkdir()
    units = 24
    for unit in range(units):
        includes = "".join(f"#include <{h}.h>\n" for h in ("stdio", "stdlib", "string", "unistd"))
        functions = "".join(
            f"int f{unit}_{i}(int x) {{ return printf(\"%d\", x * {i}); }}\n" for i in range(100)
        )
        (sources / f"unit{unit}.c").write_text(includes + functions)
    objects = " ".join(f"unit{unit}.o" for unit in range(units))
    (sources / "Makefile").write_text(f"library.a: {objects}\n\tar rc $@ $^\n")
    return Inputs(micro, archive, repository, sources, arguments.files, arguments.megabytes)


def run_round(system, base, inputs, arguments, processes):
    """Runs every row once in a fresh directory; yields (row name, seconds, requests)."""
    source = base / "source"
    mountpoint = base / "view"
    for directory in (source, mountpoint, base / "source.lower", base / "source.work"):
        directory.mkdir(parents=True)
    with system.mounted(source, mountpoint) as (root, device):
        main, second = Path(root) / "main", Path(root) / "second"
        main.mkdir()
        second.mkdir()
        wanted = [r for r in ROWS if not arguments.row or any(w in r.name for w in arguments.row)]
        needs_files = {"stat, cached", "stat, cold", "open-read-close", "rename"}
        micro = [inputs.micro, "prepare"]
        if not any(r.name == "create-write-close" for r in wanted) and any(
            r.name in needs_files for r in wanted
        ):
            subprocess.run([*micro, main, str(inputs.files), str(processes)], check=True,
                           stdout=subprocess.DEVNULL)
        for row in wanted:
            with RequestCounter(device) as counter:
                seconds = row.run(main, inputs, processes)
            yield row.name, seconds, counter.total
        if not arguments.row or any(w in UNLINK.name for w in arguments.row):
            subprocess.run([*micro, second, str(inputs.files), str(processes)], check=True,
                           stdout=subprocess.DEVNULL)
            with RequestCounter(device) as counter:
                seconds = UNLINK.run(second, inputs, processes)
            yield UNLINK.name, seconds, counter.total


def ratio_with_spread(figures, native):
    """Median of the rounds' ratios to native in the same round, with their extremes."""
    ratios = [a / b for a, b in zip(figures, native) if b > 0]
    if not ratios:
        return "-"
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f}-{max(ratios):.2f})"


def print_table(results, systems, processes):
    """One line a row: native's median seconds, then each system's ratio and requests."""
    print(f"\n{processes} process{'es' if processes > 1 else ''}; seconds for native, "
          "otherwise ratio to native in the same round: median (least-most), requests")
    names = [s.name for s in systems]
    print("| row | " + " | ".join(names) + " |\n|---" + "|---" * len(names) + "|")
    for row in [r.name for r in ROWS] + [UNLINK.name]:
        figures = results.get(("native", processes, row))
        if not figures:
            continue
        native = [seconds for seconds, _ in figures]
        cells = [f"{statistics.median(native):.4f} s"]
        for name in names[1:]:
            measured = results.get((name, processes, row), [])
            if len(measured) != len(native):
                cells.append("failed")
                continue
            requests = [count for _, count in measured if count is not None]
            count = f", {int(statistics.median(requests))}" if requests else ""
            cells.append(ratio_with_spread([s for s, _ in measured], native) + count)
        print(f"| {row} | " + " | ".join(cells) + " |")


def main():
    arguments = parse_arguments()
    if os.geteuid() != 0:
        sys.exit("bench-provfs: dropping caches and mounting for all users needs root: run it as root")
    # As many descriptors for every system: some hold one for each inode that the kernel knows.
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    work = Path(tempfile.mkdtemp(prefix="bench-provfs.", dir=os.environ.get("TMPDIR", "/var/tmp")))
    results = {}
    try:
        systems = []
        for system in all_systems(work):
            if arguments.system and system.name not in [*arguments.system, "native"]:
                continue
            if system.missing:
                print(f"left out: {system.name}: {system.missing}", file=sys.stderr)
            else:
                systems.append(system)
        inputs = prepare(work, arguments)
        process_counts = [int(n) for n in arguments.processes.split(",")]
        for round_number in range(arguments.rounds):
            for processes in process_counts:
                for system in systems:
                    base = work / f"round{round_number}.{processes}.{system.name}"
                    print(f"\rround {round_number + 1}/{arguments.rounds}: {system.name:20}",
                          end="", file=sys.stderr, flush=True)
                    try:
                        for row, seconds, requests in run_round(
                            system, base, inputs, arguments, processes
                        ):
                            key = (system.name, processes, row)
                            results.setdefault(key, []).append((seconds, requests))
                    except (RuntimeError, subprocess.CalledProcessError) as error:
                        print(f"\n{system.name}: {error}", file=sys.stderr)
                    shutil.rmtree(base, ignore_errors=True)
        print(file=sys.stderr)
        for processes in process_counts:
            print_table(results, systems, processes)
        if arguments.json:
            arguments.json.write_text(json.dumps(
                [{"system": s, "processes": p, "row": r, "seconds": [f[0] for f in figures],
                  "requests": [f[1] for f in figures]}
                 for (s, p, r), figures in results.items()], indent=1))
    finally:
        shutil.rmtree(work, ignore_errors=True)


main()
