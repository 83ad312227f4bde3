"""`bench page`: latencies of the real page in a real Chromium.

The time to start, and from Run to the first painted step, are measured on `python app.py` with the embedded models. The
time from an event to its painting is measured on a beam that grows to 5,000 steps with a policy that needs no model, at
the page's calm speed.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
import time
from bisect import bisect_left
from collections.abc import Sequence
from statistics import median, quantiles
from typing import Any

from tts_viz.benchmarks import report
from tts_viz.core.budget import Cost
from tts_viz.engines.base import Candidate, Rewards, Sampled, SampleRequest, ScoreRequest
from tts_viz.engines.load.cache import ModelCache
from tts_viz.search.scheduler import LiveRun, Scheduler
from tts_viz.search.session import Session
from tts_viz.traces.library import Library
from tts_viz.ui.forms.offered import OfferedModels
from tts_viz.ui.page import build_page, launch_options
from tts_viz.ui.runs import visitors

SIZES = {100: (60, 250), 1000: (800, 1600)}
"""size of a tree: range of node counts whose events are measured"""

WIDTHS = ((0, 32), (110, 128), (800, 256), (5000, 16))
"""(number of nodes from which it applies, the beam's N)"""

UPDATES = 6
"""Updates of a tree of 5,000 steps whose bytes are counted; few, because a search ends at depth 40."""

WATCH = """() => {
  window.painted = [];
  const tree = document.querySelector('#tree');
  const note = () => {
    const drawn = tree.querySelector('[data-painted]');
    const count = drawn ? Number(drawn.dataset.painted) : 0;
    requestAnimationFrame(() => window.painted.push([count, performance.timeOrigin + performance.now()]));
  };
  new MutationObserver(note).observe(tree, {subtree: true, childList: true, attributes: true, attributeFilter: ['data-painted']});
}"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--repeats", type=int, default=5, help="of start and first step; the median is taken (%(default)s)"
    )


def run(args: argparse.Namespace) -> int:
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-gpu"])
        tries = [started(browser) for _ in range(args.repeats)]
        rows: list[dict[str, Any]] = [
            {"what": "`python app.py` to usable", "figure": median(t[0] for t in tries), "unit": "s", "aim": 6.0},
            {"what": "Run to the first painted step", "figure": median(t[1] for t in tries), "unit": "s", "aim": 0.5},
            *grown(browser),
        ]
        browser.close()
    report.write("page", rows)
    print(report.table(rows))
    return 0


def started(browser: Any) -> tuple[float, float]:
    """Seconds until the page can be used, and from a click on Run until a step is painted."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.monotonic()
        command = [sys.executable, "-u", "-m", "tts_viz", "app", "--runs", f"{folder}/runs.db"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
        assert process.stdout is not None
        try:
            url = next(found[0] for line in process.stdout if (found := re.search(r"http://\S+", line)))
            page = browser.new_page()
            page.goto(url)
            page.locator("#run").wait_for(state="visible")
            page.locator("#tree").wait_for(state="visible")
            usable = time.monotonic() - began
            page.wait_for_timeout(3000)  # as a person would take to look at the page
            page.evaluate(WATCH)
            clicked = time.time()
            page.locator("#run").click()
            page.wait_for_function("window.painted.some(([count]) => count >= 2)")
            painted = page.evaluate("window.painted.find(([count]) => count >= 2)[1]") / 1000
            page.close()
            return usable, painted - clicked
        finally:
            process.terminate()
            process.wait()


class Growing:
    """A policy and verifier without a model, to measure only the page's work."""

    name, parameters, step_tokens = "growing", 1, 96

    async def sample(self, requests: Sequence[SampleRequest]) -> list[Sampled]:
        return [self._random_step(random.Random(request.seed)) for request in requests]

    def _random_step(self, rng: random.Random) -> Sampled:
        a, b, c = (rng.randint(1, 49) for _ in range(3))
        text = f"{a}+{b}={a + b} left {c} {a + b}"
        tokens = tuple(range(len(text)))
        candidate = Candidate(text, tokens, tuple(-rng.random() for _ in tokens), "step", tuple(text))
        return Sampled(candidate, Cost(policy_calls=1, generated=len(text)))

    async def score(self, requests: Sequence[ScoreRequest]) -> list[Rewards]:
        return [Rewards(tuple(random.Random(s).random() for s in r.steps[-r.wanted :])) for r in requests]


class Noting(Scheduler):
    """A scheduler that records the number of nodes and the time after each change."""

    def __init__(self) -> None:
        super().__init__()
        self.grew: list[tuple[int, float]] = []

    def add(self, run: LiveRun) -> None:
        before = run.keep

        def keep(session: Session) -> None:
            before(session)
            self.grew.append((len(session.tree.nodes), time.time() * 1000))

        run.keep = keep
        super().add(run)


def grown(browser: Any) -> list[dict[str, Any]]:
    scheduler, engine = Noting(), Growing()
    models = OfferedModels(("growing",), ("growing",), cache=ModelCache({"growing": engine}, {"growing": engine}))
    page = build_page(models, scheduler, Library.in_memory())
    visitors.MAX_NODES = 2 * WIDTHS[-1][0]  # the normal limit of 5,000 would stop the tree while it is measured
    _, url, _ = page.queue().launch(prevent_thread_lock=True, quiet=True, **launch_options())
    try:
        tab = browser.new_page(viewport={"width": 1440, "height": 900})
        received = [0]
        wire = tab.context.new_cdp_session(tab)
        wire.send("Network.enable")
        wire.on("Network.dataReceived", lambda data: received.__setitem__(0, received[0] + data["encodedDataLength"]))
        tab.goto(url)
        tab.locator("#tree").wait_for(state="visible")
        tab.evaluate(WATCH)
        _slide(tab, "budget", 256)
        for nodes, n in WIDTHS:
            tab.wait_for_function(f"(window.painted.at(-1) ?? [0])[0] >= {nodes}", timeout=120_000)
            if nodes == 5000:
                tab.wait_for_timeout(1500)  # let pending updates arrive
            _slide(tab, "knob-n", n)
            if not nodes:
                tab.locator("#run").click()
        before, drawn = received[0], tab.evaluate("window.painted.length")
        tab.wait_for_function(f"window.painted.length >= {drawn + UPDATES}", timeout=60_000)
        wired, updates = received[0] - before, tab.evaluate("window.painted.length") - drawn
        painted = tab.evaluate("window.painted")
        tab.close()
    finally:
        page.close()
        scheduler.close()
    rows = [latency(scheduler.grew, painted, size) for size in SIZES]
    kilobytes = wired / updates * 30 / 1000
    rows.append({"what": "30 updates of a tree of 5,000", "figure": kilobytes, "unit": "KB", "aim": 250.0})
    return rows


def _slide(tab: Any, name: str, value: int) -> None:
    number = tab.locator(f"#{name} input[type=number]")
    number.fill(str(value))
    number.press("Tab")


def latency(grew: Sequence[tuple[int, float]], painted: Sequence[tuple[int, float]], size: int) -> dict[str, Any]:
    """95th percentile in ms from an event to the first painting with at least as many nodes."""
    low, high = SIZES[size]
    counts = [count for count, _ in painted]  # a tree only grows
    waits = [
        painted[at][1] - when
        for nodes, when in grew
        if low <= nodes <= high and (at := bisect_left(counts, nodes)) < len(painted)
    ]
    p95 = quantiles(waits, n=20)[-1]
    return {
        "what": f"event to paint, p95, {size:,} steps",
        "figure": p95,
        "unit": "ms",
        "aim": 100.0 if size == 100 else 200.0,
    }
