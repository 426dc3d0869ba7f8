# SPDX-License-Identifier: Apache-2.0
"""Compares provfs with the plain directory and with other FUSE passthrough filesystems."""

import argparse
import json
import os
import platform
import random
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from meter import Meter
from places import Directories, MemoryImages, NotEnoughMemory
from requests import unavailable
from rows import ROWS
from systems import NATIVE, all_systems
from tables import Report
from workspace import Workspace, make_inputs, settle

EXPLANATION = """
Every round meets every system once, in an order of its own, each on a fresh filesystem. A ratio
is to the plain directory in the same round; printed are the median and, in parentheses, the
least and the most. `native-again` shows how far chance alone goes: a difference within its
spread is none. Ratios of processor time (of the work and of the daemon together, without the
kernel's own threads) hold on a busy machine too; ratios of time do not: look at the load
averages that are printed before and after.

`most of provfs's` names what the requests of a row are; FORGET is not counted (requests.py).

Exit status: 0 measured; 1 a system failed in a row, or was named and cannot run here; 2 trouble.
"""

EXAMPLES = """examples:
  scripts/bench-provfs --quick                      every row in a few minutes, roughly
  scripts/bench-provfs                              every row, five rounds, 1 and 2 processes
  scripts/bench-provfs --rows stat,unlink --systems provfs-passthrough,bindfs
  PROVFS=/tmp/provfs scripts/bench-provfs --json figures.json
"""


def names(text):
    return [name.strip() for name in text.split(",") if name.strip()]


def parse_arguments():
    parser = argparse.ArgumentParser(
        prog="bench-provfs", description=__doc__ + "\n" + EXPLANATION, epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true",
                        help="3 rounds, 1 process, fewer and smaller files: for a first look")
    parser.add_argument("--rounds", type=int, help="rounds (5); a median needs five to mean much")
    parser.add_argument("--files", type=int, help="small files for each process (2000)")
    parser.add_argument("--megabytes", type=int,
                        help="size of the file for 4 KiB rows (64); four times that for 1 MiB")
    parser.add_argument("--processes", help="how many work at a time (1,2)")
    parser.add_argument("--systems", type=names, help="only these, with native; --list shows all")
    parser.add_argument("--rows", type=names, help="only rows whose names contain one of these")
    parser.add_argument("--list", action="store_true", help="list rows and systems, and end")
    parser.add_argument("--tree", type=Path, default=Path("/usr/include/linux"),
                        help="whose files are archived and committed (/usr/include/linux)")
    parser.add_argument("--directory", type=Path,
                        help="measure below this directory, on whatever disk that is "
                        "(without: a fresh ext4 in memory each time)")
    parser.add_argument("--json", type=Path, help="also write every figure to this file")
    arguments = parser.parse_args()
    # --quick is a set of defaults: what is named holds all the same.
    presets = {"rounds": (3, 5), "files": (500, 2000), "megabytes": (16, 64), "processes": ("1", "1,2")}
    for name, (quick, full) in presets.items():
        if getattr(arguments, name) is None:
            setattr(arguments, name, quick if arguments.quick else full)
    try:
        arguments.processes = [int(count) for count in names(arguments.processes)]
    except ValueError:
        parser.error(f"--processes {arguments.processes}: numbers, such as 1,2")
    if min(arguments.processes, default=0) < 1 or arguments.rounds < 1:
        parser.error("--processes and --rounds are at least 1")
    return parser, arguments


def chosen_rows(parser, wanted):
    """The rows that are named; a name that no row has is an error."""
    for word in wanted or ():
        if not any(word in row.name for row in ROWS):
            parser.error(f"--rows {word}: no row's name contains it; --list shows all")
    return [row for row in ROWS if not wanted or any(word in row.name for word in wanted)]


def chosen_systems(parser, systems, wanted):
    """The systems that are named and can run here; returns them and whether one that was named cannot."""
    for word in wanted or ():
        if word not in [system.name for system in systems]:
            parser.error(f"--systems {word}: no such system; --list shows all")
    named = [s for s in systems if not wanted or s.name in [NATIVE, *wanted]]
    left_out = [s for s in named if s.missing]
    for system in left_out:
        print(f"LEFT OUT: {system.name}: {system.missing}", file=sys.stderr)
    return [s for s in named if not s.missing], left_out


def measure(row, space, device, daemon):
    """Does a row's work once; its figures."""
    row.prepare(space)
    settle(space.source)
    meter = Meter(device, daemon)
    spent = row.work(space, meter)
    row.finish(space)
    return {"seconds": spent.seconds, "processor": spent.processor, "daemon": meter.daemon,
            "requests": meter.requests}


def run_round(system, base, inputs, rows, processes):
    """Measures the rows in order in a fresh directory; yields (row name, figures)."""
    source, mountpoint = base / "source", base / "view"
    for directory in (source, mountpoint, base / "source.lower", base / "source.work"):
        directory.mkdir()
    with system.mounted(source, mountpoint) as (root, device, daemon):
        space = Workspace(Path(root), source, inputs, processes)
        for row in rows:
            yield row.name, measure(row, space, device, daemon)


def machine(place):
    """What the figures were measured on."""
    model = next((line.partition(":")[2].strip() for line in open("/proc/cpuinfo", encoding="utf-8")
                  if line.startswith("model name")), platform.machine())
    return f"{os.cpu_count()} x {model}, Linux {platform.release()}, {place.what}"


def load():
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def measure_all(arguments, systems, rows, place, inputs):
    """Returns results[system, processes, row][round] = figures, and what failed."""
    results, failures = {}, []
    everything = arguments.rounds * len(arguments.processes) * len(systems)
    done = 0
    for number in range(arguments.rounds):
        for processes in arguments.processes:
            for system in random.sample(systems, len(systems)):
                done += 1
                print(f"{done}/{everything} round {number + 1}, {processes} at a time: {system.name}",
                      file=sys.stderr, flush=True)
                try:
                    with place.fresh() as base:
                        for row, figures in run_round(system, base, inputs, rows, processes):
                            results.setdefault((system.name, processes, row), {})[number] = figures
                except (RuntimeError, OSError, subprocess.CalledProcessError) as error:
                    failures.append(f"{system.name}: {error}")
                    print(f"FAILED: {failures[-1]}", file=sys.stderr)
    return results, failures


def main():
    parser, arguments = parse_arguments()
    if os.geteuid() != 0:
        parser.error("mounting for all users and dropping caches need root: run it as root")
    for tool in ("cc", "fio", "git", "make", "mkfs.ext4", "pkg-config", "sqlite3"):
        if not shutil.which(tool):
            parser.error(f"{tool} is not installed; scripts/bench-provfs lists the packages")
    # As many descriptors for every system: some hold one for each inode that the kernel knows.
    hard_limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard_limit, hard_limit))
    rows = chosen_rows(parser, arguments.rows)
    with tempfile.TemporaryDirectory(prefix="bench-provfs.") as directory:
        every_system = all_systems(directory)
        if arguments.list:
            for row in ROWS:
                print(f"row     {row.name}" + (f" (goal: {row.goal:g})" if row.goal else ""))
            for system in every_system:
                print(f"system  {system.name}: {system.missing or system.what}")
            return 0
        systems, left_out = chosen_systems(parser, every_system, arguments.systems)
        try:
            place = Directories(arguments.directory) if arguments.directory else MemoryImages()
        except NotEnoughMemory as reason:
            parser.error(str(reason))
        if reason := unavailable():
            print(f"requests are not counted: {reason}", file=sys.stderr)
        inputs = make_inputs(Path(directory), arguments.tree, arguments.files, arguments.megabytes)
        before, start = load(), time.monotonic()
        results, failures = measure_all(arguments, systems, rows, place, inputs)
    facts = {
        "machine": machine(place), "rounds": arguments.rounds, "files": arguments.files,
        "megabytes": arguments.megabytes, "load_before": before, "load_after": load(),
        "minutes": round((time.monotonic() - start) / 60, 1),
    }
    print_report(facts, results, systems, rows, arguments.processes)
    for system in left_out:
        print(f"\nLEFT OUT: {system.name}: {system.missing}")
    for failure in failures:
        print(f"\nFAILED: {failure}")
    if arguments.json:
        write_json(arguments.json, facts, results)
    return 1 if failures or (arguments.systems and left_out) else 0


def print_report(facts, results, systems, rows, process_counts):
    print(f"{facts['machine']}; {facts['rounds']} rounds in {facts['minutes']} minutes; "
          f"load average {facts['load_before']} before, {facts['load_after']} after")
    report = Report(results, systems, rows)
    for processes in process_counts:
        report.ratio_table(processes, "Time", "seconds")
        report.ratio_table(processes, "Processor time, the daemon's included", "both")
        report.request_table(processes)
    for processes in process_counts:
        report.summary(processes, "Time", "seconds")
        report.summary(processes, "Processor time", "both")


def write_json(path, facts, results):
    path.write_text(json.dumps(facts | {"figures": [
        {"system": system, "processes": processes, "row": row, "rounds": list(rounds.values())}
        for (system, processes, row), rounds in results.items()]}, indent=1))


if __name__ == "__main__":
    sys.exit(main())
