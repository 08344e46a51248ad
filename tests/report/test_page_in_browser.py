"""The page as a browser shows and prints it."""

import re
import shutil
import subprocess

import pytest
from PIL import Image

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
MEASURE = """<script>
window.onload = () => {
  const size = e => { const r = e.getBoundingClientRect(); return [r.width, r.height]; };
  document.documentElement.dataset.measured = JSON.stringify({
    headings: [...document.querySelectorAll('h1, h2')].map(e => [e.textContent, ...size(e)]),
    figures: [...document.querySelectorAll('figure.drawing svg')].map(size),
    crops: [...document.querySelectorAll('svg.crop image')].map(size),
    paper: getComputedStyle(document.body).backgroundColor,
    wide: document.documentElement.scrollWidth, window: window.innerWidth,
  });
};
</script>"""


@pytest.fixture(scope="module")
def browse(tmp_path_factory):
    """Run a browser without a window; skips where there is none."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip(f"no browser is on the path; looked for {', '.join(BROWSERS)}")
    profile = tmp_path_factory.mktemp("profile")

    def browse(page, *options):
        return subprocess.run(
            [
                *(program, "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars"),
                *(f"--user-data-dir={profile}", *options, page.as_uri()),
            ],
            capture_output=True,
            check=True,
            timeout=120,
        ).stdout.decode("utf-8", "replace")

    return browse


@pytest.fixture(scope="module")
def folder(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("browser")
    (folder / "page.html").write_text(text, encoding="utf-8")
    # The page itself forbids scripts; the copy that is measured allows the one that measures.
    policy = re.compile(r'<meta http-equiv="Content-Security-Policy"[^>]*>')
    measured = policy.sub("", text).replace("</head>", f"{MEASURE}</head>")
    (folder / "measured.html").write_text(measured, encoding="utf-8")
    return folder


def test_headings_figures_and_crops_are_seen(browse, folder, page):
    import html
    import json

    dom = browse(folder / "measured.html", "--window-size=1366,768", "--dump-dom")
    held = json.loads(html.unescape(re.search(r'data-measured="([^"]*)"', dom)[1]))
    wanted = [h.text for name in ("h1", "h2") for h in page.all(name)]
    assert [text for text, *_ in held["headings"]] == wanted
    assert all(width > 100 and height > 10 for _, width, height in held["headings"])
    assert len(held["figures"]) == len([f for f in page.all("figure") if _is(f, "drawing")])
    assert all(width > 150 and height > 100 for width, height in held["figures"])
    assert len(held["crops"]) == len([f for f in page.all("figure") if _is(f, "card")]) > 0
    assert all(width > 100 and height > 100 for width, height in held["crops"])
    assert held["paper"] == "rgb(255, 255, 255)"
    # Nothing makes the page itself wider than the window.
    assert held["wide"] <= held["window"]


def test_it_prints_on_paper_of_a4(browse, folder):
    browse(folder / "page.html", "--no-pdf-header-footer", f"--print-to-pdf={folder}/page.pdf")
    raw = (folder / "page.pdf").read_bytes()
    boxes = set(re.findall(rb"/MediaBox \[([^\]]*)\]", raw))
    assert {tuple(round(float(x)) for x in box.split()) for box in boxes} == {(0, 0, 595, 842)}
    assert 3 < len(re.findall(rb"/Type /Page\b", raw)) < 25


def test_it_is_dark_where_the_reader_wants_it(browse, folder):
    shot, dark = folder / "dark.png", "--blink-settings=preferredColorScheme=0"
    browse(folder / "page.html", dark, "--window-size=1366,768", f"--screenshot={shot}")
    with Image.open(shot) as image:
        shown = image.convert("RGB")
    assert shown.size == (1366, 768)
    assert shown.getpixel((3, 3)) == (27, 30, 35)
    # And something is written on it.
    assert len(shown.getcolors(1366 * 768)) > 20


def _is(figure, kind):
    return figure.attributes.get("class") == kind
