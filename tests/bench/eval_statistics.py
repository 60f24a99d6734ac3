"""Whether the statistics of the evals keep what they promise: ``python -m tests.bench.eval_statistics [--pairs N]``.

Simulated runs whose truth is known, alerts of a subject moving together: with probability sqrt(ICC) an alert copies its
subject's own draw, so that two alerts of a subject correlate by the ICC exactly. Prints

1  how often two equal runs are called different at a nominal 5 %: the paired test, the cluster bootstrap, and beside
   them McNemar's and Student's test, which take alerts for independent
2  how often a run that is worse by the whole margin is called no worse than the margin, at a nominal 5 %
3  the smallest difference shown (closed form) and how often the paired test shows it
4  how often the interval of a share holds the truth, beside the plain interval of Student's t
5  how often a threshold for closing is chosen under which more is wrong than the target allows

Exits with 1 where the paired test or the bootstrap leaves 3-7 % at ICC 0.3 with 20 % of alerts changed, or a margin is
taken for met in more than 8 %, or an interval holds less than 94 %, or a threshold is wrong in more than 6 %.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterator
from math import sqrt
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import special

from evals.statistics.clusters import cluster_bootstrap, cluster_se, ratio_interval
from evals.statistics.paired import compare_paired, mcnemar_exact
from evals.statistics.power import detectable_difference, paired_spread
from evals.statistics.selective import choose_threshold

Floats = NDArray[np.float64]
SEED: Final = 41
ALPHA: Final = 0.05


class World(NamedTuple):
    """So many subjects of so many alerts each, correlated by ``icc``."""

    subjects: int
    alerts: int
    icc: float

    @property
    def clusters(self) -> NDArray[Any]:
        return np.repeat(np.arange(self.subjects), self.alerts)

    def __str__(self) -> str:
        return f"{self.subjects:>4} x {self.alerts:<2} ICC {self.icc:.1f}"


def draw_changes(random: np.random.Generator, world: World, pairs: int, gain: float, loss: float) -> Floats:
    """Differences of 0/1 scores, shape (pairs, alerts): +1 with probability gain, -1 with probability loss."""

    def draw(columns: int) -> Floats:
        coins = random.random((pairs, columns))
        return (coins < gain).astype(np.float64) - (coins > 1 - loss)

    clusters = world.clusters
    copies = random.random((pairs, len(clusters))) < sqrt(world.icc)
    return np.where(copies, draw(world.subjects)[:, clusters], draw(len(clusters)))


def draw_shifts(random: np.random.Generator, world: World, pairs: int) -> Floats:
    """Differences of scores between 0 and 1 such as shares of quotes, shape (pairs, alerts), true mean 0."""
    clusters = world.clusters
    own, shared = random.normal(size=(pairs, len(clusters))), random.normal(size=(pairs, world.subjects))
    return np.clip(0.2 * (sqrt(world.icc) * shared[:, clusters] + sqrt(1 - world.icc) * own), -1, 1)


def score_pair(random: np.random.Generator, changes: Floats) -> tuple[Floats, Floats]:
    """Scores of runs A and B of 0 and 1 whose differences are the changes; nine in ten unchanged alerts are right."""
    before = np.where(changes == 0, random.random(changes.shape) < 0.9, changes < 0).astype(np.float64)
    return before, before + changes


def student_p(d: Floats) -> float:
    spread = float(d.std(ddof=1)) / sqrt(len(d))
    return 2 * float(special.stdtr(len(d) - 1, -abs(float(d.mean())) / spread)) if spread else 1.0


def print_false_alarms(random: np.random.Generator, pairs: int) -> Iterator[str]:
    print(f"\n1  Equal runs called different, % of {pairs} pairs (nominal 5)")
    print(f"   {'subjects x alerts':<18} {'scores':<12} {'paired':>7} {'bootstr.':>8} {'McNemar':>8} {'Student':>8}")
    worlds = [World(125, 4, 0.3), World(50, 10, 0.3), World(125, 4, 0.6), World(20, 4, 0.3), World(40, 4, 0.3)]
    for world in worlds:
        for changed in (0.2, 0.05, None):
            d = (
                draw_changes(random, world, pairs, changed / 2, changed / 2)
                if changed
                else draw_shifts(random, world, pairs)
            )
            rates = [100 * float(rate) for rate in _false_alarms(random, world, d, binary=changed is not None)]
            kind = f"0/1, {changed:.0%}" if changed else "continuous"
            cells = "".join(f"{rate:>9.1f}" for rate in rates[:2]) + "".join(
                f"{rate:>9.1f}" if rate == rate else "        -" for rate in rates[2:]
            )
            print(f"   {world!s:<18} {kind:<10}{cells}")
            if world.icc < 0.5 and changed != 0.05:
                for name, rate in zip(("paired test", "bootstrap"), rates, strict=False):
                    if not 3 <= rate <= 7:
                        yield f"{name} on {world}, {kind}: {rate:.1f} % instead of 3-7 %"


def _false_alarms(random: np.random.Generator, world: World, d: Floats, binary: bool) -> Floats:
    clusters = world.clusters
    called = np.zeros((len(d), 4))
    for row, one in enumerate(d):
        low, high = cluster_bootstrap(one, clusters)
        called[row, 0] = compare_paired(one, clusters, 0.02, "higher").p_different < ALPHA
        called[row, 1] = low > 0 or high < 0
        called[row, 2] = mcnemar_exact(*score_pair(random, one)) < ALPHA if binary else np.nan
        called[row, 3] = student_p(one) < ALPHA
    return np.asarray(called.mean(axis=0))


def print_margins(random: np.random.Generator, pairs: int) -> Iterator[str]:
    print(f"\n2  Worse by the whole margin, called no worse, % of {pairs} pairs (nominal 5 at most)")
    print(f"   {'subjects x alerts':<18} {'margin':>6} {'gains':>6} {'paired':>7} {'plain t':>8}")
    for world in (World(100, 1, 0), World(300, 1, 0), World(100, 3, 0.3), World(125, 4, 0.3), World(125, 4, 0.6)):
        for margin, gain in ((0.01, 0.005), (0.02, 0.0), (0.02, 0.01), (0.05, 0.0), (0.05, 0.02)):
            d = draw_changes(random, world, pairs, gain, margin + gain)
            called = np.zeros((len(d), 2))
            for row, one in enumerate(d):
                test = compare_paired(one, world.clusters, margin, "higher")
                called[row, 0] = test.p_not_inferior < ALPHA
                se, count = cluster_se(one, world.clusters)
                plain = test.difference - float(special.stdtrit(count - 1, 1 - ALPHA)) * se > -margin
                called[row, 1] = plain if test.changed else test.worst > -margin
            ours, plain = 100 * called.mean(axis=0)
            print(f"   {world!s:<18} {margin:>6.0%} {gain:>6.1%} {ours:>7.1f} {plain:>8.1f}")
            if ours > 8:
                yield f"margin {margin:.0%} on {world}, gains {gain:.1%}: met in {ours:.1f} % instead of 5 %"


def print_power(random: np.random.Generator, pairs: int) -> Iterator[str]:
    print("\n3  Smallest difference shown in 80 % of comparisons (two-sided 5 %), in percentage points, closed form")
    sizes = (100, 200, 400, 800, 1600)
    print(f"   {'alerts':<24}" + "".join(f"{size:>7}" for size in sizes))
    for label, spread in [(f"changed {one:.0%}", paired_spread(one)) for one in (0.05, 0.1, 0.2)] + [
        ("not paired, 90 % right", sqrt(2 * 0.9 * 0.1))
    ]:
        print(f"   {label:<24}" + "".join(f"{100 * detectable_difference(size, spread):>7.1f}" for size in sizes))
    error = 100 * sqrt(0.8 * 0.2 / pairs)
    print(f"   Shown in simulation at that difference, % of {pairs} (80 +- {2 * error:.1f}); t: without the exact test")
    print(f"   {'subjects x alerts':<18} {'changed':>7} {'effect':>7} {'paired':>7} {'t':>6}")
    worlds = [World(size, 1, 0) for size in sizes] + [World(125, 4, 0.3), World(50, 10, 0.3), World(400, 4, 0.3)]
    for world in worlds:
        for changed in (0.1, 0.2):
            units = world.subjects * world.alerts
            effect = detectable_difference(units, paired_spread(changed), cluster_size=world.alerts, icc=world.icc)
            if effect > changed / 1.2:
                continue
            d = draw_changes(random, world, pairs, (changed + effect) / 2, (changed - effect) / 2)
            # Doubled, so that they are no longer scores of 0 and 1 and the exact test is not taken.
            shown = [
                [compare_paired(factor * one, world.clusters, 0, "higher", reach=2).p_different < ALPHA for one in d]
                for factor in ((1, 2) if world.alerts == 1 else (1,))
            ]
            rates = 100 * np.mean(shown, axis=1)
            ours, student = rates[0], rates[-1]
            print(f"   {world!s:<18} {changed:>7.0%} {100 * effect:>7.1f} {ours:>7.1f} {student:>6.1f}")
            if student < 70:
                yield f"power on {world}: {student:.1f} % instead of 80 %"


def print_coverage(random: np.random.Generator, pairs: int) -> Iterator[str]:
    print(f"\n4  Intervals of a share that hold the truth, % of {pairs} (nominal 95), and their mean width in points")
    print(f"   {'subjects x alerts':<18} {'truth':>6} {'ours':>7} {'width':>6} {'plain t':>8} {'width':>6}")
    for world in (World(100, 1, 0), World(125, 4, 0.3), World(50, 10, 0.3), World(20, 4, 0.3), World(125, 4, 0.6)):
        for truth in (0.01, 0.03, 0.1, 0.5, 0.98):
            rows = np.array([_intervals(one, world) for one in draw_changes(random, world, pairs, truth, 0.0)])
            held = 100 * np.mean((rows[:, :, 0] <= truth) & (truth <= rows[:, :, 1]), axis=0)
            width = 100 * np.mean(rows[:, :, 1] - rows[:, :, 0], axis=0)
            print(f"   {world!s:<18} {truth:>6.0%} {held[0]:>7.1f} {width[0]:>6.1f} {held[1]:>8.1f} {width[1]:>6.1f}")
            if held[0] < 94:
                yield f"interval on {world}, truth {truth:.0%}: holds in {held[0]:.1f} %"


def _intervals(right: Floats, world: World) -> list[tuple[float, float]]:
    ones = np.ones(len(right))
    ours, plain = (ratio_interval(right, ones, world.clusters, most=most) for most in (1.0, None))
    return [(ours.low, ours.high), (max(plain.low, 0.0), min(plain.high, 1.0))]


def print_thresholds(random: np.random.Generator, runs: int) -> Iterator[str]:
    target = 0.02
    print(f"\n5  Thresholds under which more than {target:.0%} is wrong, % of {runs} runs (nominal 5 at most)")
    print(f"   {'surest':<8} {'alerts':<18} {'by point':>8} {'in sequence':>12} {'none chosen':>12} {'coverage':>9}")
    for surest, steep in ((0.012, 0.08), (0.002, 0.08)):
        for world in (World(500, 1, 0), World(2000, 1, 0), World(500, 4, 0.3)):
            counts = np.array([_choose(random, world, surest, steep, target) for _ in range(runs)])
            point, ours, none, coverage = counts.mean(axis=0)
            print(
                f"   {surest:<8.1%} {world!s:<18} {100 * point:>8.0f} {100 * ours:>12.1f} {100 * none:>12.0f}"
                f" {100 * coverage:>9.0f}"
            )
            if ours > 0.06:
                yield f"threshold on {world}: too loose in {100 * ours:.1f} %"


def _choose(random: np.random.Generator, world: World, surest: float, steep: float, target: float) -> list[float]:
    """(point estimate too loose, sequence too loose, none chosen, coverage) of one calibration split.

    An alert of certainty u (0 to 1) is wrong with probability surest + steep * (1 - u)^2; those at least as sure as u
    with the mean of that, surest + steep * (1 - u)^2 / 3.
    """
    clusters = world.clusters
    sure = random.random(len(clusters))
    copies = random.random(len(clusters)) < sqrt(world.icc)
    coins = np.where(copies, random.random(world.subjects)[clusters], random.random(len(clusters)))
    wrong = (coins < surest + steep * (1 - sure) ** 2).astype(np.float64)

    def true_risk(threshold: float) -> float:
        return surest + steep * (1 - threshold) ** 2 / 3

    order = np.argsort(-sure)
    running = np.cumsum(wrong[order]) / np.arange(1, len(order) + 1)
    within = np.flatnonzero(running <= target)
    point = float(sure[order][within[-1]]) if len(within) else 1.0
    choice = choose_threshold(sure, wrong, clusters, target)
    ours = choice.threshold
    return [
        true_risk(point) > target,
        ours is not None and true_risk(ours) > target,
        ours is None,
        choice.coverage,
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--pairs", type=int, default=2000, help="simulated pairs of runs a row")
    pairs = parser.parse_args().pairs
    random = np.random.default_rng(SEED)
    start = time.process_time()
    faults: list[str] = []
    for section in (print_false_alarms, print_margins, print_power, print_coverage):
        faults += section(random, pairs)
    faults += print_thresholds(random, max(pairs // 5, 1))
    print(f"\n{time.process_time() - start:.0f} s of processor time")
    for fault in faults:
        print(f"NOT KEPT  {fault}")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
