"""Look at the site as readers see it: ``python -m docs.building.look FOLDER [PAGE ...]``.

One page of each kind (or the pages named, as ``guide/var.html``) is opened in headless Chromium, wide and narrow, in
light and dark, with the network cut off. Pictures go to FOLDER, and each page as a printer gets it. What a program can
see goes to the screen: requests that left the site, pages wider than their window, and what axe-core finds wrong for
readers who use a keyboard, a screen reader or large type. The exit code is 1 where something was found. With
``--check`` for FOLDER no picture is taken, and each page is opened twice: wide in light, narrow in dark. The site must
have been built (the README has the command).

Needs ``panelvar-econ[docs]`` and Chromium: one that is installed, or ``python -m playwright install chromium``.
"""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from itertools import product
from pathlib import Path
from typing import Any

SITE = Path(__file__).resolve().parent.parent / "_build" / "html"
# A page of each kind.
KINDS = [
    "index.html",
    "start/first_regression.html",
    "start/first_var.html",
    "guide/covariances.html",
    "guide/var_responses.html",
    "choose/estimator.html",
    "coming_from/stata.html",
    "stories/index.html",
    "stories/plot_beer_tax_fixed_effects.html",
    "studies/textbooks.html",
    "api/index.html",
    "api/static_panels.html",
    "api/generated/panelvar.fit_pooled.html",
    "api/generated/panelvar.LinearResult.html",
    "api/generated/panelvar.plot_coefficients.html",
    "developers/kernels.html",
    "developers/generated/panelvar.kernels.absorption.absorb.html",
    "evidence/features.html",
    "evidence/parity/stata.html",
    "evidence/speed.html",
    "evidence/var_functions.html",
    "look_up/formulas.html",
    "look_up/references.html",
    "look_up/glossary.html",
    "look_up/cheat_sheet.html",
    "changelog.html",
    "search.html",
]
WIDTHS = {"wide": 1280, "narrow": 400}
SCHEMES = ("light", "dark")
TALLEST = 8000
# The corner above row labels is empty in the tables of pandas, and heads nothing.
# Details of what is right, element by element, would take most of the time on long pages.
RULES = {"rules": {"empty-table-header": {"enabled": False}}, "resultTypes": ["violations"]}


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(site: Path) -> Iterator[str]:
    """Serve the site on this machine; gives its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(site)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/"
    finally:
        server.shutdown()
        server.server_close()


def chromium(playwright: Any) -> str | None:
    """Where a Chromium is: the machine's own, else playwright's."""
    installed = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    own = playwright.chromium.executable_path
    return installed or (own if Path(own).is_file() else None)


def problems_of(page: Any, accessibility: Any) -> list[str]:
    """What axe-core and the width of the page say."""
    found = []
    wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if wide > 0:
        found.append(f"wider than the window by {wide} px")
    for violation in accessibility.run(page, options=RULES).response["violations"]:
        for node in violation["nodes"]:
            target = " ".join(map(str, node["target"]))
            why = "; ".join(check["message"] for check in node["any"] + node["all"] + node["none"])
            found.append(f"{violation['id']} ({violation['impact']}) at {target}: {why}")
    return found


def look(site: Path, folder: Path | None, names: list[str]) -> list[str]:
    """Open the pages; returns the problems."""
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import sync_playwright

    accessibility = Axe()
    problems = []
    with served(site) as root, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(playwright), args=["--no-sandbox"])
        for scheme, (width, pixels) in (
            product(SCHEMES, WIDTHS.items()) if folder else zip(SCHEMES, WIDTHS.items(), strict=True)
        ):
            context = browser.new_context(
                viewport={"width": pixels, "height": 900}, color_scheme=scheme, reduced_motion="reduce"
            )
            left: list[str] = []

            def judge(route: Any, left: list[str] = left) -> None:
                if route.request.url.startswith(root):
                    route.continue_()
                else:
                    left.append(f"asked for {route.request.url}")
                    route.abort()

            context.route("**/*", judge)
            for name in names:
                page = context.new_page()
                page.goto(root + name, wait_until="load")
                found = problems_of(page, accessibility)
                problems += [f"{name} [{width}, {scheme}] {each}" for each in [*found, *left]]
                left.clear()
                if folder:
                    picture = folder / name.removesuffix(".html").replace("/", ".")
                    tall = min(page.evaluate("document.documentElement.scrollHeight"), TALLEST)
                    page.screenshot(
                        path=f"{picture}.{width}.{scheme}.png",
                        full_page=True,
                        clip={"x": 0, "y": 0, "width": pixels, "height": tall},
                    )
                    if (width, scheme) == ("wide", "light"):
                        page.pdf(path=f"{picture}.pdf", format="A4")
                page.close()
            context.close()
        browser.close()
    return problems


def main(arguments: list[str], site: Path = SITE) -> int:
    """Look, print what was found, and say it in the exit code."""
    where, *names = arguments or ["--check"]
    names = names or KINDS
    missing = [name for name in names if not (site / name).is_file()]
    if missing:
        print(f"{site} lacks {', '.join(missing)}: build the documentation first", file=sys.stderr)
        return 2
    folder = None if where == "--check" else Path(where)
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    problems = look(site, folder, names)
    print(*problems, f"{len(names)} pages, {len(problems)} problems", sep="\n")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
