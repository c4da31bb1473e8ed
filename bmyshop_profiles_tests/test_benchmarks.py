"""Benchmarks are code that nobody runs for months: each must still run, at its smallest size, and end in a line that machines read."""

import argparse
import json

import numpy as np
import pytest

from benchmarks.helpers import report, smokes
from bmyshop_profiles.statistics.intervals import Interval


@pytest.mark.slow
def test_every_benchmark_runs_at_its_smallest() -> None:
    found = smokes.run_all()
    assert sorted(smoke.name for smoke in found) == smokes.names()
    failed = {smoke.name: smoke.output[-2000:] for smoke in found if smoke.status != 0}
    assert not failed, "\n\n".join(f"{name}:\n{output}" for name, output in failed.items())
    for smoke in found:
        last = json.loads(smoke.last_line)
        assert set(last) == {"figures", "bars"}, smoke.name
        assert (last["figures"] and last["bars"]) or "nothing is measured" in smoke.output, smoke.name
        for each in last["bars"].values():
            assert set(each) == {"value", "target", "met"}, smoke.name
            assert isinstance(each["met"], bool), smoke.name


def run(argv: list[str], bars: dict[str, report.Bar]) -> int:
    return report.run(lambda options: ({"size": options.size}, bars), parser(), argv, smoke={"size": 1})


def parser() -> argparse.ArgumentParser:
    made = report.parser("What it measures.\n\nMore.")
    made.add_argument("--size", type=int, default=100)
    return made


def test_the_smallest_size_is_taken_unless_another_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    sizes = []
    for argv in ([], ["--smoke"], ["--smoke", "--size", "7"]):
        run(argv, {})
        sizes.append(json.loads(capsys.readouterr().out.splitlines()[-1])["figures"]["size"])
    assert sizes == [100, 1, 7]


def test_bars_are_judged_at_full_size_only() -> None:
    missed = {"speed": report.at_least(1, 2)}
    assert [run([], {"speed": report.at_least(2, 2)}), run([], missed), run(["--smoke"], missed)] == [0, 1, 0]


def test_data_that_are_absent_are_no_failure_of_the_smallest_size(capsys: pytest.CaptureFixture[str]) -> None:
    def measure(_: argparse.Namespace) -> report.Measured:
        raise report.DataAbsent("there is no file of receipts")

    assert [report.run(measure, parser(), argv, smoke={}) for argv in ([], ["--smoke"])] == [1, 0]
    said, last = capsys.readouterr().out.splitlines()[-2:]
    assert said == "nothing is measured: there is no file of receipts"
    assert json.loads(last) == {"figures": {}, "bars": {}}


def test_the_last_line_is_json_whatever_is_measured() -> None:
    measured = {"gain": Interval(1.0, 0.5, float("inf"), 3), 4: np.int64(2), "shares": np.array([0.5, np.nan]), "fit": np.bool_(True)}
    written = json.dumps(report.plain(measured), allow_nan=False)
    assert json.loads(written) == {
        "gain": {"value": 1.0, "low": 0.5, "high": None, "people": 3},
        "4": 2,
        "shares": [0.5, None],
        "fit": True,
    }
