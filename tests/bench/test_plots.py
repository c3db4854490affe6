"""The pictures, drawn from a few numbers."""

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.bench.curve_data import SIDES, Point
from tests.bench.curve_plan import CURVES
from tests.bench.plots import PLOTS, plain, size, table_value, write

SVG = "{http://www.w3.org/2000/svg}"
ROWS: list[dict[str, Any]] = [
    {"step": "startup", "metric": metric, "official": {"values": [600, 620]}, "ours": {"values": [10]}}
    for metric in ("import_ms", "first_events_ms", "import_rss_mb", "first_events_rss_mb")
]
POINTS = {
    curve.name: [
        Point(side, x, {column.metric: [x + k] for column in curve.columns}, ("events_per_s",) if k else ())
        for k, side in enumerate(SIDES)
        for x in (1.0, 100.0)
    ]
    for curve in CURVES
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in write(tmp_path_factory.mktemp("once"), ROWS, POINTS)}


def test_pictures_are_well_formed_small_and_have_a_background(pictures: dict[str, bytes]) -> None:
    assert set(pictures) == {f"{name}.svg" for name in PLOTS}
    for name, data in pictures.items():
        picture = ElementTree.fromstring(data)
        assert (picture.tag, len(data) < 60_000) == (f"{SVG}svg", True), name
        background = picture.find(f"{SVG}g/{SVG}g[@id='patch_1']/{SVG}path")
        assert background is not None, name
        assert "fill: #ffffff" in background.attrib["style"], name


def test_same_numbers_give_the_same_bytes(pictures: dict[str, bytes], tmp_path: Path) -> None:
    again = write(tmp_path, ROWS, POINTS, names=("throughput", "startup"))
    assert [path.read_bytes() for path in again] == [pictures["throughput.svg"], pictures["startup.svg"]]
    assert not any(b"<dc:date>" in data for data in pictures.values())


def test_texts_are_texts_and_every_axis_has_its_unit(pictures: dict[str, bytes]) -> None:
    for name, data in pictures.items():
        texts = {element.text for element in ElementTree.fromstring(data).iter(f"{SVG}text")}
        assert {"this package", "official package"} <= texts, name
        assert texts & {"milliseconds", "MB", "microseconds"}, name
    assert b">1,000<" in pictures["startup.svg"] or b">610<" in pictures["startup.svg"]


def test_what_was_not_measured_is_left_out(tmp_path: Path) -> None:
    failed = {"runtime": [Point("ours", 1.0, error="why"), Point("ours", 7.0, {"client_share": [0.5]})]}
    for path in write(tmp_path, [], failed, names=("runtime", "startup", "message-size")):
        assert ElementTree.parse(path)


def test_value_of_the_table_is_a_median() -> None:
    assert table_value(ROWS, "import_ms", "official") == 610
    assert table_value([], "import_ms", "ours") == 0


def test_numbers_and_sizes_are_written_out() -> None:
    assert [plain(value) for value in (1000.0, 1.0, 0.1)] == ["1,000", "1", "0.1"]
    assert [size(value) for value in (1e4, 1e8, 10.0)] == ["10 KB", "100 MB", "10 B"]
