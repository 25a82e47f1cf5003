"""Decision charts, drawn from a nested list: ``{decision}``.

The body of the directive is a list. A question is in bold and has a list of answers below it; an end is a link::

    :::{decision} Which estimator?
    **Does each entity have its own effect?**
    - No: [pooled least squares](../guide/pooled.md)
    - Yes. **May they be correlated with the regressors?**
      - Yes: [fixed effects](../guide/fixed_effects.md)
    :::

The page shows the chart, whose every end can be clicked, and below it the list itself, for screen readers and small
screens: the two cannot disagree.
"""

from __future__ import annotations

import html
import textwrap
from dataclasses import dataclass, field
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

WIDTH, GAP, ROW_GAP, PADDING, INDENT = 216, 26, 8, 8, 20
LETTERS, LINE, SMALL = 29, 16, 14
"""Pixels of a box, between boxes, and from the first question's edge to the boxes below it; letters that a line of a
box holds, and pixels from line to line."""


class Decision(nodes.General, nodes.Element):
    """A chart: its title, its first question, and the list of answers."""


class DecisionDirective(SphinxDirective):
    """Read the question and its answers."""

    required_arguments = 1
    final_argument_whitespace = True
    has_content = True

    def run(self) -> list[nodes.Node]:
        """Parse the body as the page's own text, so that links are checked like all others."""
        node = Decision(title=self.arguments[0])
        node += self.parse_content_to_nodes()
        return [node]


@dataclass
class Box:
    """A question or an end, with the answer that leads to it."""

    answer: str
    text: str
    target: str
    below: list[Box] = field(default_factory=list)
    top: float = 0.0

    @property
    def lines(self) -> list[str]:
        """The text, broken into lines."""
        return textwrap.wrap(self.text, LETTERS)

    @property
    def small_lines(self) -> list[str]:
        """The answer, broken into lines."""
        return textwrap.wrap(self.answer, LETTERS + 3)

    @property
    def height(self) -> float:
        """Pixels from the upper to the lower edge."""
        return 2 * PADDING + LINE * len(self.lines) + SMALL * len(self.small_lines)

    @property
    def span(self) -> float:
        """Pixels that the box and all below it take."""
        return max(self.height, sum(box.span for box in self.below) + ROW_GAP * (len(self.below) - 1))


def read(holder: nodes.Element, problem: str) -> Box:
    """The box of a list's item (or of the whole chart): the words before the bold question or link are the answer."""
    listing = next((child for child in holder.children if isinstance(child, nodes.bullet_list)), None)
    paragraph = next(child for child in holder.children if isinstance(child, nodes.paragraph))
    strong = next(paragraph.findall(nodes.strong), None)
    # A link that leads nowhere has become plain text, and Sphinx has complained of it.
    link = next(paragraph.findall(nodes.reference), None) or next(paragraph.findall(nodes.inline), None)
    marked = strong if listing is not None else link
    if marked is None:
        raise ValueError(
            f"{problem}: {paragraph.astext()!r} has no bold question above answers, or no link at its end."
        )
    answer = paragraph.astext().partition(marked.astext())[0].strip(" :.")
    target = link["refuri"] if isinstance(link, nodes.reference) and listing is None else ""
    below = (
        [] if listing is None else [read(item, problem) for item in listing.children if isinstance(item, nodes.Element)]
    )
    return Box(answer, marked.astext(), target, below)


def place(box: Box, top: float) -> None:
    """Set the upper edges: children in their order, the parent in the middle of its first and last."""
    children = sum(child.span for child in box.below) + ROW_GAP * (len(box.below) - 1)
    edge = top + max(0.0, (box.span - children) / 2)
    for child in box.below:
        place(child, edge)
        edge += child.span + ROW_GAP
    if box.below:
        first, last = box.below[0], box.below[-1]
        middle = (first.top + first.height / 2 + last.top + last.height / 2) / 2
        box.top = min(max(top, middle - box.height / 2), top + box.span - box.height)
    else:
        box.top = top


def outline(box: Box, left: float) -> list[str]:
    """The frame of a box and its words."""
    kind = "question" if box.below else "end"
    parts = [f'<rect class="{kind}" x="{left}" y="{box.top:.0f}" width="{WIDTH}" height="{box.height:.0f}" rx="6"/>']
    y = box.top + PADDING - 4
    for line in box.small_lines:
        y += SMALL
        parts.append(f'<text class="answer" x="{left + PADDING}" y="{y:.0f}">{html.escape(line)}</text>')
    for line in box.lines:
        y += LINE
        parts.append(f'<text class="{kind}" x="{left + PADDING}" y="{y:.0f}">{html.escape(line)}</text>')
    if not box.target:
        return parts
    hint = html.escape(f"{box.answer}: {box.text}" if box.answer else box.text)
    return [f'<a href="{html.escape(box.target)}"><title>{hint}</title>', *parts, "</a>"]


def draw(box: Box, column: int) -> list[str]:
    """The box, the lines to the boxes at its right, and those boxes."""
    left = 1 + INDENT + column * (WIDTH + GAP)
    start, turn = box.top + box.height / 2, left + WIDTH + GAP / 2
    parts = outline(box, left)
    for child in box.below:
        end = child.top + child.height / 2
        route = f"M{left + WIDTH} {start:.0f}H{turn:.0f}V{end:.0f}H{left + WIDTH + GAP}"
        parts = [f'<path d="{route}"/>', *parts, *draw(child, column + 1)]
    return parts


def depth_of(box: Box) -> int:
    """Boxes from this one to the last at its right."""
    return 1 + max((depth_of(child) for child in box.below), default=0)


def svg(root: Box, title: str) -> str:
    """The chart: the first question on top, its answers below each other, and all others to their right."""
    root.top = 1.0
    edge = root.top + root.height + 2 * ROW_GAP
    parts = outline(root, 1)
    for child in root.below:
        place(child, edge)
        edge += child.span + ROW_GAP
        route = f"M{1 + INDENT / 2} {root.top + root.height:.0f}V{child.top + child.height / 2:.0f}H{1 + INDENT}"
        parts = [f'<path d="{route}"/>', *parts, *draw(child, 0)]
    columns = depth_of(root) - 1
    width, height = 2 + INDENT + columns * WIDTH + (columns - 1) * GAP, edge - ROW_GAP + 1
    name = html.escape(title)
    return "\n".join(
        [
            f'<div class="decision" tabindex="0" role="region" aria-label="{name}">',
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height:.0f}" width="{width}" '
            f'height="{height:.0f}" role="group" aria-label="{name}: a chart; the same as a list follows">',
            f"<title>{name}</title>",
            *parts,
            "</svg>",
            "</div>",
        ]
    )


def visit(self: Any, node: Decision) -> None:
    """Write the chart, and open the list."""
    problem = f"{self.builder.current_docname}, chart {node['title']!r}"
    self.body.append(svg(read(node, problem), node["title"]))
    self.body.append('<details class="decision"><summary>The chart as a list</summary>\n')


def depart(self: Any, node: Decision) -> None:
    """Close the list."""
    self.body.append("</details>\n")


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive and its looks."""
    app.add_node(Decision, html=(visit, depart))
    app.add_directive("decision", DecisionDirective)
    app.add_css_file("decisions.css")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
