"""The report in a real browser: Chromium without a window, driven from outside."""

import json
import os
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from fastsoftq.report.decision import ErrorRate
from fastsoftq.report.findings import Table
from fastsoftq.report.outline import Section
from fastsoftq.report.page import page_text, write_report
from tests.report.folders import COLD, HARD, SOFT
from tests.report.outlines import sweep

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
BROWSER = next(filter(None, map(shutil.which, NAMES)), None)
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium here")

# Run within the page, and told to the page that frames it, which is as narrow as a phone.
PROBE = """
<script>
window.addEventListener("load", () => {
  const found = { width: document.documentElement.scrollWidth, window: window.innerWidth };
  for (const details of document.querySelectorAll("details")) details.open = true;
  found.charts = [...document.querySelectorAll("svg.chart")].map((svg) => {
    const drawn = [...svg.querySelectorAll("polyline, polygon, rect, circle")];
    const box = svg.getBBox(), frame = svg.viewBox.baseVal;
    return {
      size: svg.getBoundingClientRect().width,
      box: [box.x, box.y, box.x + box.width, box.y + box.height],
      inside: Math.min(box.x, box.y) >= -1 && box.x + box.width <= frame.width + 1
        && box.y + box.height <= frame.height + 1,
      drawn: drawn.length,
      coloured: drawn.map(getComputedStyle).every((style) => style.stroke !== "none" || style.fill !== "none"),
    };
  });
  found.images = [...document.images].map((image) => image.complete && image.naturalWidth);
  const table = document.querySelector("table.sortable");
  const column = () => [...table.tBodies[0].rows].map((row) => row.cells[1].textContent);
  const button = table.tHead.rows[0].cells[1].querySelector("button");
  button.click(); found.up = column();
  button.click(); found.down = column();
  const chart = document.querySelector("svg.chart"), at = chart.getBoundingClientRect();
  const place = { clientX: at.x + at.width / 3, clientY: at.y + at.height / 2, bubbles: true };
  chart.dispatchEvent(new PointerEvent("pointermove", place));
  found.readout = document.querySelector(".readout")?.innerText;
  chart.dispatchEvent(new PointerEvent("pointerleave"));
  found.left = document.querySelectorAll(".readout, .hair").length;
  parent.postMessage(JSON.stringify(found), "*");
});
</script>
"""
SWEEP = (Path(__file__).parent / "sweep_probe.js").read_text()
FRAME = """<!DOCTYPE html><title>frame</title>
<iframe src="page.html" width="390" height="800"></iframe>
<script>window.addEventListener("message", (event) => document.body.setAttribute("data-found", event.data));</script>
"""


def chromium(tmp_path, *arguments):
    command = [
        BROWSER, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--hide-scrollbars",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
        "--enable-logging=stderr", "--virtual-time-budget=5000", f"--user-data-dir={tmp_path / 'profile'}", *arguments,
    ]  # fmt: skip
    environment = {**os.environ, "HOME": str(tmp_path)}
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, env=environment)
    assert done.returncode == 0, done.stderr
    assert not re.findall(r":CONSOLE.*", done.stderr)
    return done.stdout


@pytest.fixture
def report(results):
    inner = results("all/inner", {})
    results("all/inner/ignored", {})  # only folders right within are looked at
    folder = inner.parent
    source = results("source", {"hard": (HARD, -50.0), "soft": (SOFT, -12.0), "cold": (COLD, -1000.0)})
    for path in source.iterdir():
        path.rename(folder / path.name)
    return write_report(folder)


def probed(report, tmp_path):
    (tmp_path / "page.html").write_text(report.read_text().replace("</body>", f"{PROBE}</body>"))
    (tmp_path / "frame.html").write_text(FRAME)
    dom = chromium(tmp_path, "--dump-dom", (tmp_path / "frame.html").as_uri())
    return json.loads(unescape(re.search(r'data-found="([^"]*)"', dom)[1]))


def test_names_may_be_long_words_or_look_like_formulas(results, tmp_path):
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    found = probed(write_report(results("named", {word: (HARD, -50.0), "=sum": (SOFT, -12.0)})), tmp_path)
    assert found["width"] <= 390
    assert all(chart["inside"] for chart in found["charts"])
    assert re.search(rf"{word} agent −[\d.]+ \[", found["readout"])
    assert re.search(r"=sum agent −[\d.]+ \[", found["readout"])


def test_every_figure_renders_on_a_phone_tables_sort_and_nothing_is_complained_of(report, tmp_path):
    found = probed(report, tmp_path)
    assert found["window"] == 390
    assert found["width"] <= 390  # nothing makes the page wider than the phone
    assert len(found["charts"]) == 5
    for chart in found["charts"]:
        assert chart["drawn"] > 2
        assert chart["coloured"]
        assert chart["inside"], chart
        assert 300 < chart["size"] <= 390
    assert len(found["images"]) == 2
    assert all(found["images"])
    numbers = [float(text.split()[0].replace("−", "-").replace(",", "")) for text in found["up"]]
    assert numbers == sorted(numbers)
    assert found["down"] == found["up"][::-1]
    assert re.match(r"episode \d+\n", found["readout"])
    assert re.search(r"soft agent −[\d.]+ \[−[\d.]+, −[\d.]+\]", found["readout"])
    assert found["left"] == 0


def test_light_and_dark_are_what_the_reader_prefers(report, tmp_path):
    luminance = {}
    for name, option in (("light", 1), ("dark", 0)):
        picture = tmp_path / f"{name}.png"
        scheme = f"--blink-settings=preferredColorScheme={option}"
        chromium(tmp_path, scheme, "--window-size=1000,1400", f"--screenshot={picture}", report.as_uri())
        pixels = imread(picture)[..., :3]
        luminance[name] = float(pixels.mean())
        assert pixels.std() > 0.02  # not blank
    assert luminance["light"] > 0.85
    assert luminance["dark"] < 0.25


def test_it_prints(report, tmp_path):
    document = tmp_path / "page.pdf"
    chromium(tmp_path, "--no-pdf-header-footer", f"--print-to-pdf={document}", report.as_uri())
    data = document.read_bytes()
    assert data.startswith(b"%PDF")
    assert 2 <= len(re.findall(rb"/Type\s*/Page\b", data)) <= 8


@pytest.mark.parametrize("width", [400, 1200])
def test_a_sweep_can_be_searched_filtered_sorted_and_read_at_both_widths(tmp_path, width):
    text = page_text("Hard or soft?", [sweep()], ErrorRate(300, 299))
    (tmp_path / "page.html").write_text(text.replace("</body>", f"<script>{SWEEP}</script></body>"))
    (tmp_path / "frame.html").write_text(FRAME.replace('width="390"', f'width="{width}"'))
    dom = chromium(tmp_path, "--dump-dom", (tmp_path / "frame.html").as_uri())
    found = json.loads(unescape(re.search(r'data-found="([^"]*)"', dom)[1]))
    assert found["width"] <= width
    assert found["contents"] == (width == 1200)
    assert found["first"] == [25, "25 of 150 rows"]
    assert found["all"] == [150, "150 of 150 rows", "Show the first 25"]
    assert found["again"] == 25
    assert len(found["searched"]) == 10
    assert all(row.startswith("soft") and row.endswith("α = 0.5") for row in found["searched"])
    assert found["typed"] == found["typeset"]
    assert found["options"] == ["all", "0.05", "0.1", "0.2", "0.5", "0.8"]
    assert len(found["chosen"]) == 10
    assert all(row.startswith("hard") and row.endswith("α = 0.5") for row in found["chosen"])
    assert sorted(found["sorted"]) == sorted(found["chosen"])
    scales = np.round(np.geomspace(1.0, 30.0, 10), 2)
    worst_first = [f"hard, k = {k:g}, α = 0.5" for k in sorted(scales, key=lambda k: -abs(np.log10(k / 7.0)))]
    assert found["sorted"] == worst_first
    assert found["aria"] == "ascending"
    assert found["focused"] == "mean return"
    assert found["labels"] == ["Search", "algorithm", "α", "cannot be told from the best"]
    assert all(found["inside"])
    assert found["touching"] == []
    assert re.match(
        r"step size α 0\.\d+\nsoft −[\d.]+ \[−[\d.]+, −[\d.]+\]\n|step size α 0\.\d+\nhard", found["readout"]
    )
    assert found["revealed"]


def test_what_is_missing_is_sorted_last_whichever_way(tmp_path):
    rows = [["a", "–"], ["b", "−2 [−3, −1]"], ["c", ""], ["d", "1,000"], ["e", "30"], ["f", "−∞"], ["g", "text"]]
    section = Section("s", "H", ["Said."], table=Table(["name", "value"], rows, sortable=True))
    probe = """<script>window.addEventListener("load", () => {
      const table = document.querySelector("table"), button = table.tHead.rows[0].cells[1].querySelector("button");
      const names = () => [...table.tBodies[0].rows].map((row) => row.cells[0].textContent).join("");
      button.click(); const up = names(); button.click();
      document.body.setAttribute("data-found", `${up} ${names()}`);
    });</script>"""
    (tmp_path / "page.html").write_text(
        page_text("Title", [section], ErrorRate(0, 0)).replace("</body>", f"{probe}</body>")
    )
    dom = chromium(tmp_path, "--dump-dom", (tmp_path / "page.html").as_uri())
    assert re.search(r'data-found="([^"]*)"', dom)[1] == "fbedgac debfgac"


def test_rules_between_rows_reach_beneath_cells_that_stay_in_place(tmp_path):
    rows = [[f"soft, of long name, k = {i}, α = 0.5", *("−14.5 [−15.2, −13.8]†",) * 9] for i in range(20)]
    table = Table(["condition", *"abcdefghi"], rows, sortable=True)
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    page.write_text(page_text("Title", [Section("s", "H", ["Said."], table=table)], ErrorRate(0, 0)))
    light = "--blink-settings=preferredColorScheme=1"
    chromium(tmp_path, light, "--window-size=1000,2400", f"--screenshot={picture}", page.as_uri())
    ruled = np.abs(imread(picture)[..., :3] - np.array([0xE3, 0xE5, 0xE8]) / 255.0).max(axis=2) < 0.01
    starts = [line.argmax() for line in ruled if line.sum() > 300]
    assert len(starts) >= 19
    assert len(set(starts)) == 1


def test_long_names_break_in_short_tables_and_beside_what_was_studied(tmp_path):
    word = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
    table = Table(["algorithm", "against", "return"], [[word, "an agent " * 9, "−12.5 [−13.0, −12.0]†"]], sortable=True)
    section = Section("s", "H", ["Said."], table=table, studied=[(word, "step size α 0.5")])
    probe = """<script>window.addEventListener("load", () => {
      const table = document.querySelector("table");
      parent.postMessage(JSON.stringify([document.documentElement.scrollWidth, table.offsetWidth]), "*");
    });</script>"""
    page = page_text("Title", [section], ErrorRate(0, 0))
    (tmp_path / "page.html").write_text(page.replace("</body>", f"{probe}</body>"))
    (tmp_path / "frame.html").write_text(FRAME)
    dom = chromium(tmp_path, "--dump-dom", (tmp_path / "frame.html").as_uri())
    whole, wide = json.loads(unescape(re.search(r'data-found="([^"]*)"', dom)[1]))
    assert whole <= 390
    assert wide <= 500  # two names of 9.5rem, and what they earn
