"""Pages of classes: what makes them, the members in tables by group (``members.py``), then each in detail.

The constructor of what functions make, which few readers call, comes last.
"""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Collection, Sequence
from typing import NamedTuple

from building.members import in_groups, is_made_by_functions, is_result, makers_of, public_members
from docutils import nodes
from numpydoc.docscrape import ClassDoc
from sphinx import addnodes
from sphinx.application import Sphinx

# Fewer members than these are seen without a table.
FEWEST = 4
# More functions than these that make a class are counted.
MOST_MAKERS = 8


class Member(NamedTuple):
    """A line of a table."""

    name: str
    is_method: bool
    link: nodes.Element
    line: nodes.Element


def arrange(app: Sphinx, doctree: nodes.document) -> None:
    """Rearrange the page of a class, where this is one."""
    page = next((part for part in doctree.children if isinstance(part, nodes.section)), None)
    if page is None:
        return
    shown = next((part for part in page.children if isinstance(part, addnodes.desc)), None)
    if shown is None or shown["objtype"] != "class":
        return
    signature = shown[0]
    whole = f"{signature['module']}.{signature['fullname']}"
    of = pkgutil.resolve_name(whole)
    content = shown[-1]
    if is_made_by_functions(of) and (makers := makers_of(of)):
        content.insert(1, made_by(makers))
    at = next((place for place, part in enumerate(content) if isinstance(part, (addnodes.index, addnodes.desc))), None)
    members = [] if at is None else content[at:]
    described = {each.name: each for each in map(documented, members) if each}
    listed = [each for each in [*inherited(of), *fields(of, content, whole, described)] if each.name not in described]
    lines = {each.name: each for each in listed} | described
    if len(lines) < FEWEST:
        return
    if at is not None:
        del content[at:]
    groups = in_groups({name: each.is_method for name, each in lines.items()}, is_result(of))
    sections = [section(name, [table([lines[each] for each in names])]) for name, names in groups.items()]
    details = section("In detail", in_order(members, [name for names in groups.values() for name in names]))
    after = page.index(shown) + 1
    if not is_made_by_functions(of):
        details[1:1] = attributes_of(content)
        page[after:after] = [*sections, details]
        return
    lead, example, notes, made = parted(content)
    content.children = []
    content += made
    # Links to the class lead to the head of its page.
    page["ids"] += signature["ids"]
    signature["ids"] = []
    sections += [section(name, parts) for name, parts in (("Example", example), ("Notes", notes)) if parts]
    index = [part for part in page[1 : after - 1] if isinstance(part, addnodes.index)]
    page[1:after] = [*index, *lead, *sections, details, section("Constructor", [shown])]


def made_by(makers: Sequence[str]) -> nodes.paragraph:
    """The line that says which functions or methods make a class."""
    line = nodes.paragraph("", "Made by ")
    shown = makers[:MOST_MAKERS]
    more = len(makers) - len(shown)
    for place, name in enumerate(shown):
        if place:
            line += nodes.Text(" and " if place == len(shown) - 1 and not more else ", ")
        line += addnodes.pending_xref(
            "", code(name), refdomain="py", reftype="obj", reftarget=f"panelvar.{name}", refwarn=True
        )
    line += nodes.Text(f" and {more} others." if more else ".")
    return line


def documented(described: nodes.Node) -> Member | None:
    """The line of a member that has a docstring; None of what is no member."""
    if not isinstance(described, addnodes.desc):
        return None
    signature, content = described[0], described[-1]
    name = signature["fullname"].rpartition(".")[2]
    is_method = described["objtype"] == "method"
    line = next((part for part in content if isinstance(part, nodes.paragraph)), nodes.paragraph())
    return Member(name, is_method, link_to(signature["ids"][0], name + "()" * is_method), line)


def inherited(of: type) -> list[Member]:
    """The fields that only the docstring of a class further up lists; they lead to that class."""
    if not is_made_by_functions(of):
        return []
    known = public_members(of)
    found = []
    for above in reversed(of.__mro__[1:-1]):
        if not above.__module__.startswith("panelvar."):
            continue
        listed = ClassDoc(above, config={"show_class_members": False})
        for item in [*listed["Parameters"], *listed["Attributes"]]:
            for name in (part.strip() for part in item.name.split(",")):
                if name in known and item.desc:
                    link = addnodes.pending_xref(
                        "", code(name), refdomain="py", reftype="obj", reftarget=above.__name__, refwarn=False
                    )
                    link["py:module"], link["py:class"] = "panelvar", None
                    found.append(Member(name, False, link, plain(" ".join(item.desc))))
    return found


def plain(text: str) -> nodes.paragraph:
    """Text of a docstring with its code."""
    parts = re.split(r"`+([^`]+)`+", text)
    return nodes.paragraph(
        "", "", *(nodes.literal("", part) if at % 2 else nodes.Text(part) for at, part in enumerate(parts) if part)
    )


def fields(of: type, content: nodes.Element, whole: str, described: Collection[str]) -> list[Member]:
    """The lines of what the docstring lists as attributes or, of a result, as what it is made of."""
    found = []
    kinds = {"Attributes", "Parameters"} if is_made_by_functions(of) else {"Attributes"}
    known = public_members(of)
    for field in content.findall(nodes.field):
        if isinstance(field.parent.parent, addnodes.desc_content) and field.parent.parent is not content:
            continue
        if field[0].astext() not in kinds:
            continue
        for item in field.findall(nodes.definition_list_item):
            term = item[0]
            line = next(iter(item[-1].findall(nodes.paragraph)), nodes.paragraph())
            for name in (part.strip() for part in term.astext().split(",")):
                is_field = name.isidentifier() and (name in known or field[0].astext() == "Attributes")
                if is_field and line.children and name not in described:
                    term["ids"].append(f"{whole}.{name}")
                    found.append(Member(name, False, link_to(f"{whole}.{name}", name), line))
    return found


def in_order(members: Sequence[nodes.Node], names: list[str]) -> list[nodes.Node]:
    """Members, each with its entry of the index, as the tables name them."""
    pairs: dict[str, list[nodes.Node]] = {}
    waiting: list[nodes.Node] = []
    for part in members:
        waiting.append(part)
        if member := documented(part):
            pairs[member.name] = waiting
            waiting = []
    return [part for name in names if name in pairs for part in pairs[name]] + waiting


def attributes_of(content: nodes.Element) -> list[nodes.Node]:
    """The list of attributes, taken out of where it was."""
    for listed in [part for part in content if isinstance(part, nodes.field_list)]:
        for field in listed:
            if field[0].astext() == "Attributes":
                listed.remove(field)
                return [nodes.field_list("", field)]
    return []


def parted(
    content: nodes.Element,
) -> tuple[list[nodes.Node], list[nodes.Node], list[nodes.Node], list[nodes.Node]]:
    """What a docstring says first, its example, its notes, and what concerns the constructor."""
    lead: list[nodes.Node] = []
    example: list[nodes.Node] = []
    notes: list[nodes.Node] = []
    made: list[nodes.Node] = []
    beside: list[nodes.Node] = []
    where = lead
    for part in list(content.children):
        if isinstance(part, nodes.rubric):
            where = example if part.astext() == "Examples" else notes
            if part.astext() in ("Examples", "Notes"):
                continue
        if isinstance(part, nodes.field_list):
            made.append(part)
        elif isinstance(part, addnodes.seealso):
            beside.append(part)
        else:
            where.append(part)
    (example or notes or lead).extend(beside)
    return lead, example, notes, made


def section(title: str, parts: list[nodes.Node]) -> nodes.section:
    """A section of the page."""
    name = nodes.fully_normalize_name(title)
    return nodes.section("", nodes.title("", title), *parts, ids=[nodes.make_id(title)], names=[name])


def table(members: list[Member]) -> nodes.Element:
    """Names that lead to their place, and what each is in a line."""
    body = nodes.tbody()
    for member in members:
        name = nodes.paragraph("", "", member.link)
        body += nodes.row("", nodes.entry("", name), nodes.entry("", first_sentence(member.line)))
    group = nodes.tgroup("", nodes.colspec(colwidth=10), nodes.colspec(colwidth=90), body, cols=2)
    return nodes.table("", group, classes=["autosummary", "longtable"])


def link_to(place: str, name: str) -> nodes.reference:
    """A name that leads to a place of the page."""
    return nodes.reference("", "", code(name), refid=place, internal=True)


def code(name: str) -> nodes.literal:
    """A name as the reference writes it."""
    return nodes.literal("", name, classes=["xref", "py", "py-obj"])


def first_sentence(paragraph: nodes.Element) -> nodes.paragraph:
    """What a paragraph says until its first full stop, with the links in it."""
    short = nodes.paragraph()
    for part in paragraph:
        text, stop, _ = part.partition(". ") if isinstance(part, nodes.Text) else ("", "", "")
        if stop:
            short += nodes.Text(f"{text}.")
            break
        short += part.deepcopy()
    for part in short.findall(nodes.Element):
        part["ids"] = []
    return short


def setup(app: Sphinx) -> dict[str, bool]:
    """Come before Sphinx lists the parts of a page."""
    app.connect("doctree-read", arrange, priority=100)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
