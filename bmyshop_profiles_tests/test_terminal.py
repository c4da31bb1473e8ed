"""Rows as the command line prints them."""

import csv
import datetime
import io
from decimal import Decimal

import pytest

from bmyshop_profiles.terminal import print_rows


def printed(names: list[str], row: tuple[object, ...], capsys: pytest.CaptureFixture[str]) -> list[list[str]]:
    print_rows(names, [row], "csv")
    return list(csv.reader(io.StringIO(capsys.readouterr().out, newline="")))


@pytest.mark.parametrize("text", ["=1+1", "+33", "-18 ans", "@sum(a1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＠x"])
def test_a_text_that_a_spreadsheet_would_run_is_led_by_an_apostrophe(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert printed([text, "label"], (text, f"a{text}"), capsys) == [[f"'{text}", "label"], [f"'{text}", f"a{text}"]]


def test_what_is_no_text_stays_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    row = (-1, -0.5, Decimal("-2.50"), None, True, datetime.date(2025, 1, 3), "", "pain")
    assert printed(list("abcdefgh"), row, capsys)[1] == ["-1", "-0.5", "-2.50", "", "True", "2025-01-03", "", "pain"]


def test_other_formats_show_a_text_as_it_is(capsys: pytest.CaptureFixture[str]) -> None:
    print_rows(["label"], [("=1+1",)], "json")
    assert '"=1+1"' in capsys.readouterr().out
