# SPDX-License-Identifier: Apache-2.0
"""The figures as tables in Markdown: ratios to native with their spread, requests, goals."""

import statistics

from systems import NATIVE, OWN


def ratios(measured, native, what):
    """The ratio to native in the same round, for each round in which both succeeded."""
    pairs = ((one[what], native[round_number][what]) for round_number, one in measured.items()
             if round_number in native)
    return [a / b for a, b in pairs if b > 0]


def with_spread(values):
    if not values:
        return "failed"
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def total_processor(measured):
    """The same figures with the daemon's processor time added to the work's."""
    return {number: one | {"both": one["processor"] + (one["daemon"] or 0)}
            for number, one in measured.items()}


def median_requests(measured):
    counts = [sum(one["requests"].values()) for one in measured.values()
              if one["requests"] is not None]
    return f"{statistics.median(counts):g}" if counts else "?"


class Report:
    """`results[system, processes, row]` maps a round to its figures, see measure() in __main__.py."""

    def __init__(self, results, systems, rows):
        self.results = results
        self.names = [system.name for system in systems]
        self.rows = [row for row in rows if any(key[2] == row.name for key in results)]

    def of(self, system, processes, row):
        return self.results.get((system, processes, row.name), {})

    def _table(self, title, first, columns, cell, processes):
        count = "1 process" if processes == 1 else f"{processes} processes"
        print(f"\n### {title}, {count}\n")
        print(f"| row | {first} | " + " | ".join(columns) + " |\n|---|---" + "|---" * len(columns) + "|")
        for row in self.rows:
            print(f"| {row.name} | " + " | ".join(cell(row, name) for name in ["", *columns]) + " |")

    def ratio_table(self, processes, title, what, unit="ms"):
        def cell(row, name):
            native = total_processor(self.of(NATIVE, processes, row))
            if not name:
                values = [one[what] for one in native.values()]
                return f"{statistics.median(values) * 1e3:.1f} {unit}" if values else "failed"
            return with_spread(ratios(total_processor(self.of(name, processes, row)), native, what))

        self._table(title, NATIVE, [n for n in self.names if n != NATIVE], cell, processes)

    def request_table(self, processes):
        """How many requests a row cost each system, and of what kind for the first of provfs."""
        columns = [n for n in self.names if not n.startswith(NATIVE)]
        own = next((name for name in reversed(OWN) if name in columns), None)

        def cell(row, name):
            if name:
                return median_requests(self.of(name, processes, row))
            kinds = [one["requests"] for one in self.of(own, processes, row).values()
                     if one["requests"]] if own else []
            last = kinds[-1].most_common(4) if kinds else []
            return ", ".join(f"{kind} {count}" for kind, count in last)

        self._table("FUSE requests", f"most of {own or 'provfs'}'s", columns, cell, processes)

    def summary(self, processes, title, what):
        """Against the goals, and against the fastest peer of the same run."""
        own = [name for name in OWN if name in self.names]
        peers = [n for n in self.names if n not in OWN and not n.startswith(NATIVE)]

        def median(name, row):
            native = total_processor(self.of(NATIVE, processes, row))
            values = ratios(total_processor(self.of(name, processes, row)), native, what)
            return statistics.median(values) if values else None

        def cell(row, name):
            if not name:
                return f"{row.goal:g}" if row.goal else ""
            if name == "fastest peer":
                return f"{best[1]:.2f} {best[0]}" if (best := fastest(row)) else ""
            value = median(name, row)
            if value is None:
                return "failed"
            remarks = []
            if row.goal and value > row.goal:
                remarks.append("missed")
            if (best := fastest(row)) and value >= best[1]:
                remarks.append("behind")
            return f"{value:.2f}" + (f" ({', '.join(remarks)})" if remarks else "")

        def fastest(row):
            known = [(name, value) for name in peers if (value := median(name, row)) is not None]
            return min(known, key=lambda pair: pair[1], default=None)

        self._table(f"{title} against the goals and the fastest peer, as many times native's", "goal",
                    [*own, "fastest peer"], cell, processes)
