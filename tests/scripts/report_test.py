#!/usr/bin/env python3
"""report.html as a browser shows it: trains a small model on text that tries to break the page, opens its report in
headless Chromium, and measures what is drawn: on a wide and on a narrow screen, light and dark.

The environment variable DRAGOMAN_PROGRAM names the program. Without Chromium (Debian: scripts/setup --dev) the test
is skipped: exit code 77. DRAGOMAN_KEEP_REPORT names a folder that gets the report and the screenshots, for the developer.
"""

import json
import os
import pathlib
import random
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest
import zlib

PROGRAM = os.environ.get("DRAGOMAN_PROGRAM", "")
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SKIPPED = 77
PATIENCE = 300
SIZES = {"wide": (1400, 1500), "narrow": (390, 6000)}
SCHEMES = {"light": "1", "dark": "0"}
CHARTS = {"Loss": 2, "Perplexity": 2, "Scores": 2, "Learning rate": 1, "Gradient norm": 1, "Speed": 1,
          "Sentence lengths": 2}
HOSTILE = ["<script>document.title='broken'</script>", "</dd></section><h1>broken</h1>", "<img src=x onerror=alert(1)>",
           "&lt;b&gt; ]]> --> <!--", "שלום \u202e evil \u202d", "W" * 400, "' onmouseover=\"alert(1)\" x='"]

# Runs in a copy of the page (the page itself forbids scripts) and leaves what it measures in the element "measured".
MEASURE = """<script>
const box = e => { const b = e.getBoundingClientRect(); return [b.left, b.top, b.right, b.bottom]; };
const all = (root, selector) => [...root.querySelectorAll(selector)];
const style = (e, name) => getComputedStyle(e)[name];
const points = e => [...e.points].map(p => { const q = p.matrixTransform(e.getScreenCTM()); return [q.x, q.y]; });
const result = {
  title: document.title,
  headings: all(document, "h1").length,
  page: [document.documentElement.clientWidth, document.documentElement.scrollWidth],
  colors: [style(document.body, "color"), style(document.body, "backgroundColor")],
  charts: all(document, "figure").map(f => ({
    name: f.querySelector("b").textContent,
    card: box(f),
    background: style(f, "backgroundColor"),
    svg: box(f.querySelector("svg")),
    plot: box(f.querySelector(".plot")),
    lines: all(f, "polyline").map(e => ({points: points(e), color: style(e, "stroke"), width: style(e, "strokeWidth")})),
    dots: all(f, "circle.dot").map(box),
    best: all(f, "circle.best").map(box),
    areas: all(f, "path.area").length,
    ticks: all(f, "text.tick").map(e => [e.textContent, e.getAttribute("text-anchor"), ...box(e)]),
    texts: all(f, "svg text").map(e => [e.textContent, style(e, "fill"), ...box(e)]),
    legend: all(f, ".legend span").map(box)})),
  cells: all(document, "dd, dt, .value, .name, .note, h1, h2, h3, figcaption, summary").map(
    e => [e.textContent.slice(0, 40), e.scrollWidth - e.clientWidth, ...box(e)]),
  samples: all(document, "article").map(a => all(a, ":scope > dl > div").map(
    d => [d.querySelector("dt").textContent, d.querySelector("dd").textContent])),
  scripts: all(document, "script, img, link, iframe, object").length,
};
const out = document.createElement("pre");
out.id = "measured";
out.textContent = JSON.stringify(result);
document.body.replaceChildren(out);
</script>"""


def browse(*arguments):
    with tempfile.TemporaryDirectory() as profile:
        command = [BROWSER, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars",
                   "--disable-extensions", "--no-first-run", f"--user-data-dir={profile}", *arguments]
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{command}: exit code {done.returncode}\n{done.stderr.decode(errors='replace')}")
    return done.stdout.decode()


def window(size, scheme):
    return [f"--window-size={size[0]},{size[1]}", f"--blink-settings=preferredColorScheme={SCHEMES[scheme]}"]


def measured(report, size, scheme):
    copy = report.with_name("copy.html")
    text = re.sub(r"<meta http-equiv=\"(Content-Security-Policy|refresh)\"[^>]*>", "", report.read_text(encoding="utf-8"))
    copy.write_text(text.replace("</body>", MEASURE + "</body>"), encoding="utf-8")
    dom = browse(*window(size, scheme), "--dump-dom", copy.as_uri())
    found = re.search(r'<pre id="measured">(.*?)</pre>', dom, re.DOTALL).group(1)
    for entity, character in (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&nbsp;", "\u00a0"), ("&amp;", "&")):
        found = found.replace(entity, character)
    return json.loads(found)


def read_png(path):
    """(width, rows of RGB bytes) of the 8-bit PNG that Chromium writes."""
    data = path.read_bytes()
    at, packed = 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        body = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, color = struct.unpack(">IIBB", body[:10])
            channels = {2: 3, 6: 4}[color]
            assert depth == 8
        packed += body if kind == b"IDAT" else b""
        at += 12 + length
    raw, stride, rows = zlib.decompress(packed), width * channels, []
    previous = bytearray(stride)
    for y in range(height):
        begin = y * (stride + 1)
        rows.append(unfiltered(raw[begin], bytearray(raw[begin + 1:begin + 1 + stride]), previous, channels))
        previous = rows[-1]
    return [[tuple(row[x * channels:x * channels + 3]) for x in range(width)] for row in rows]


def unfiltered(kind, row, above, step):
    """PNG specification, section 9."""
    for i in range(len(row) if kind else 0):
        left, up, corner = row[i - step] if i >= step else 0, above[i], above[i - step] if i >= step else 0
        if kind == 4:
            nearest = left + up - corner
            guesses = sorted((left, up, corner), key=lambda value: abs(nearest - value))
            predicted = guesses[0]
        else:
            predicted = {1: left, 2: up, 3: (left + up) // 2}[kind]
        row[i] = (row[i] + predicted) & 255
    return row


def rgb(text):
    return tuple(int(float(part)) for part in re.findall(r"[\d.]+", text)[:3])


def contrast(one, other):
    """WCAG 2.1's contrast ratio."""
    def luminance(color):
        parts = [c / 255 for c in color]
        parts = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def overlap(one, other):
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


class Shared:
    folder = None
    report = None
    views = {}


def setUpModule():
    if not PROGRAM:
        raise RuntimeError("DRAGOMAN_PROGRAM must name the program under test")
    Shared.folder = pathlib.Path(tempfile.mkdtemp(prefix="dragoman-report-"))
    chance = random.Random(1)
    words = ["".join(chance.choices("abcdefgh", k=chance.randint(2, 6))) for _ in range(50)]
    lines = [" ".join(chance.choices(words, k=chance.randint(3, 12))) for _ in range(400)]
    for name, text in (("a", lines), ("v", HOSTILE + lines[:10])):
        for side in ("src", "tgt"):
            (Shared.folder / f"{name}.{side}").write_text("\n".join(text) + "\n", encoding="utf-8")
    flags = ["--train-source", "a.src", "--train-target", "a.tgt", "--valid-source", "v.src", "--valid-target", "v.tgt",
             "--preset", "tiny", "--d-model", "32", "--encoder-layers", "1", "--decoder-layers", "1", "--vocab-size", "120",
             "--max-tokens", "512", "--learning-rate", "0.01", "--warmup", "10", "--valid-every", "10", "--log-every", "2",
             "--threads", "1", "--model", "model"]
    # The second call resumes: the page shows the whole run.
    for updates in ("40", "80"):
        subprocess.run([PROGRAM, "train", *flags, "--max-updates", updates], cwd=Shared.folder, check=True,
                       stderr=subprocess.DEVNULL, timeout=PATIENCE)
    Shared.report = Shared.folder / "model" / "report.html"
    for size in SIZES:
        for scheme in SCHEMES:
            Shared.views[size, scheme] = measured(Shared.report, SIZES[size], scheme)


def tearDownModule():
    if Shared.folder:
        shutil.rmtree(Shared.folder)


class ReportTest(unittest.TestCase):
    def each_view(self):
        for view, page in Shared.views.items():
            with self.subTest(view=view):
                yield page

    def each_chart(self):
        for page in self.each_view():
            for chart in page["charts"]:
                with self.subTest(chart=chart["name"]):
                    yield chart

    def inside(self, box, outer, slack=1.0):
        for i, sign in enumerate((1, 1, -1, -1)):
            self.assertGreaterEqual(sign * (box[i] - outer[i]), -slack, f"{box} is not inside {outer}")

    def test_the_charts_are_there_with_a_line_a_series(self):
        for page in self.each_view():
            names = [chart["name"] for chart in page["charts"]]
            self.assertEqual(names, [*list(CHARTS)[:6], "Sentence lengths", "Sentence lengths"])
            for chart in page["charts"]:
                self.assertEqual(len(chart["lines"]), CHARTS[chart["name"]], chart["name"])
                self.assertGreaterEqual(len(chart["ticks"]), 4)
            self.assertEqual([len(chart["best"]) for chart in page["charts"]].count(1), 1)

    def test_lines_show_the_whole_run_inside_the_plot_area(self):
        for chart in self.each_chart():
            for line in chart["lines"]:
                for x, y in line["points"]:
                    self.inside([x, y, x, y], chart["plot"])
            if chart["areas"] == 0:
                self.assertIn(len(chart["lines"][0]["points"]), (8, 40))
                widths = [max(x for x, _ in line["points"]) - min(x for x, _ in line["points"]) for line in chart["lines"]]
                self.assertGreater(max(widths), 0.85 * (chart["plot"][2] - chart["plot"][0]))
            for dot in chart["dots"] + chart["best"]:
                self.inside(dot, chart["svg"])

    def test_text_of_a_chart_stays_in_it_and_off_other_text(self):
        for chart in self.each_chart():
            texts = [text[2:] for text in chart["texts"]]
            for text in texts + chart["legend"]:
                self.inside(text, chart["card"])
            for text in texts:
                self.inside(text, chart["svg"])
                self.assertGreater(text[3] - text[1], 7, "text too small to read")
            for i, one in enumerate(texts):
                for j, other in enumerate(texts[:i]):
                    self.assertFalse(overlap(one, other), (chart["texts"][i], chart["texts"][j]))

    def test_nothing_sticks_out_of_the_page(self):
        for page in self.each_view():
            width, needed = page["page"]
            self.assertLessEqual(needed, width)
            for text, excess, left, _, right, _ in page["cells"]:
                self.assertLessEqual(excess, 0, text)
                self.assertTrue(left >= 0 and right <= width, text)

    def test_colors_fit_the_scheme_and_can_be_told_apart(self):
        for (_, scheme), page in Shared.views.items():
            with self.subTest(scheme=scheme):
                text, background = map(rgb, page["colors"])
                self.assertGreater(contrast(text, background), 7)
                self.assertEqual(sum(background) > sum(text), scheme == "light")
                for chart in page["charts"]:
                    card = rgb(chart["background"])
                    for entry in chart["texts"]:
                        self.assertGreater(contrast(rgb(entry[1]), card), 4.5, entry)
                    colors = [rgb(line["color"]) for line in chart["lines"]]
                    self.assertEqual(len(set(colors)), len(colors))
                    self.assertTrue(all(contrast(color, card) > 3 for color in colors))

    def test_samples_are_the_text_itself(self):
        for page in self.each_view():
            self.assertEqual(page["title"], "model \u2013 training report")
            self.assertEqual((page["headings"], page["scripts"]), (1, 1))  # the script is the one that measures
            self.assertEqual(len(page["samples"]), 5)
            names = [name for name, _ in page["samples"][0]]
            self.assertEqual(names, ["source", "reference", "first attempt, update 10", "now, update 80"])
            shown = [dict(sample)["source"] for sample in page["samples"]]
            self.assertEqual(shown[0], HOSTILE[0])
            self.assertIn(HOSTILE[3], shown)

    def test_a_screenshot_has_the_lines_in_their_colors(self):
        for (size, scheme), page in Shared.views.items():
            if size == "wide":
                picture = Shared.folder / f"{size}-{scheme}.png"
                browse(*window(SIZES[size], scheme), f"--screenshot={picture}", Shared.report.as_uri())
                self.look(read_png(picture), page, scheme)

    def look(self, rows, page, scheme):
        for chart in page["charts"][:6]:
            left, top, right, bottom = map(round, chart["plot"])
            # With the lines on the frame itself, such as a score of 0.
            pixels = [rows[y][x] for y in range(top - 2, bottom + 3) for x in range(left, right)]
            drawn = 0
            for line in chart["lines"]:
                color = rgb(line["color"])
                close = sum(all(abs(a - b) < 24 for a, b in zip(pixel, color)) for pixel in pixels)
                # Thinner than a pixel nowhere, and not smeared over the chart.
                # A line may be hidden by another in part, as scores of 0 do.
                self.assertGreater(close, 0.1 * (right - left), (chart["name"], scheme))
                drawn += close
                self.assertLess(close, 0.2 * len(pixels), (chart["name"], scheme))
            self.assertGreater(drawn, 0.3 * (right - left), (chart["name"], scheme))
            card = rgb(chart["background"])
            self.assertGreater(pixels.count(card), 0.5 * len(pixels))

    def test_for_a_person(self):
        keep = os.environ.get("DRAGOMAN_KEEP_REPORT")
        if not keep:
            self.skipTest("DRAGOMAN_KEEP_REPORT is not set")
        pathlib.Path(keep).mkdir(parents=True, exist_ok=True)
        shutil.copy(Shared.report, keep)
        for size in SIZES:
            for scheme in SCHEMES:
                browse(*window(SIZES[size], scheme), f"--screenshot={pathlib.Path(keep).resolve()}/{size}-{scheme}.png",
                       Shared.report.as_uri())


if __name__ == "__main__":
    if BROWSER is None:
        print("SKIPPED: no Chromium here; on Debian scripts/setup --dev installs it")
        sys.exit(SKIPPED)
    unittest.main()
