"""What the pages say of speed is what was measured: tables and pictures come from the files beside them."""

import re

from tests.bench.curve_data import page
from tests.bench.plots import PLOTS
from tests.bench.table_data import load
from tests.bench.venvs import ROOT

DOCS = ROOT / "docs"
DATA = DOCS / "benchmarks"


def test_table_of_the_page_is_that_of_the_run() -> None:
    assert load(DATA / "table.json") in (DOCS / "performance.md").read_text()


def test_tables_of_the_curves_are_those_of_the_run() -> None:
    assert (DATA / "curves.md").read_text() == page(DATA / "curves.json")


def test_every_picture_is_shown_and_there() -> None:
    shown = re.findall(r"!\[[^]]+\]\(benchmarks/([a-z-]+)\.svg\)", (DOCS / "performance.md").read_text())
    assert sorted(shown) == sorted(PLOTS)
    assert {path.stem for path in DATA.glob("*.svg")} == set(PLOTS)
