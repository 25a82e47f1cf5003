/* What is wider than its place scrolls: let a keyboard reach it, and a screen reader say what it is. */
const KINDS = [
  [".table-wrapper, div.columns, div.cell_output, div.output.text_html, div.output_subarea", "Table"],
  ["pre", "Code or output"],
  ["div.math", "Formula"],
];

function reach() {
  for (const [kind, name] of KINDS) {
    for (const part of document.querySelectorAll(kind)) {
      const scrolls = part.scrollWidth > part.clientWidth && getComputedStyle(part).overflowX !== "visible";
      if (scrolls) {
        part.setAttribute("tabindex", "0");
        part.setAttribute("role", "group");
        part.setAttribute("aria-label", `${name}, wider than the page`);
      } else if (part.hasAttribute("tabindex")) {
        for (const given of ["tabindex", "role", "aria-label"]) part.removeAttribute(given);
      }
    }
  }
}

/* On a narrow screen the list of a chart says more than its left edge. */
if (innerWidth < 600) document.querySelectorAll("details.decision").forEach((part) => (part.open = true));
/* On a narrow screen each row of the tables of programs is a card, whose lines say which program they are of. */
for (const table of document.querySelectorAll('[id^="features-"] table.docutils, #from-another-program table.docutils')) {
  const names = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
  table.classList.add("cards");
  for (const row of table.tBodies[0].rows) [...row.cells].forEach((cell, at) => (cell.dataset.of = names[at]));
}
addEventListener("load", reach);
addEventListener("resize", reach);
document.addEventListener("toggle", reach, true);
document.addEventListener("change", reach); /* tabs */
/* On paper nothing is folded. */
addEventListener("beforeprint", () => document.querySelectorAll("article details").forEach((part) => (part.open = true)));

/* The list of pages shows where the reader is. */
addEventListener("load", () => {
  const list = document.querySelector(".sidebar-scroll");
  const here = document.querySelector(".sidebar-tree .current-page");
  if (!list || !here) return;
  const below = here.getBoundingClientRect().top - list.getBoundingClientRect().top;
  if (below > list.clientHeight / 2) list.scrollTo({ top: below - list.clientHeight / 3, behavior: "instant" });
});

/* A figure that the page shows smaller than it was drawn opens alone. */
addEventListener("load", () => {
  for (const image of document.querySelectorAll(".cell_output img, .sphx-glr-single-img, .sphx-glr-multi-img")) {
    if (image.closest("a") || image.naturalWidth <= image.clientWidth) continue;
    const link = document.createElement("a");
    link.href = image.currentSrc || image.src;
    image.replaceWith(link);
    link.append(image);
  }
});
