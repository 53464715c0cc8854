"use strict";
// Headings sort, the fields filter, and a row that is pointed at shows its dots. Without this the whole table is there.
const form = document.querySelector(".filters");
const body = document.querySelector("tbody");
const said = document.getElementById("said");
const rows = [...body.rows];
const dots = [...document.querySelectorAll(".dot")];
form.hidden = false;

function filter() {
  const words = name => form.elements[name].value.trim().toLowerCase();
  const [system, faults, broken] = [words("system"), words("faults"), form.elements.broken.checked];
  const shows = (one, isBroken) =>
    one.dataset.system.includes(system) && one.dataset.faults.includes(faults) && (!broken || isBroken);
  for (const row of rows) row.hidden = !shows(row, row.classList.contains("culprit"));
  for (const dot of dots) dot.classList.toggle("off", !shows(dot, dot.classList.contains("broken")));
  said.textContent = `${rows.filter(row => !row.hidden).length} rows are shown`;
}
form.addEventListener("input", filter);
form.addEventListener("submit", event => event.preventDefault());

function compare(at, sign) {
  return (a, b) => {
    const [x, y] = [a.cells[at], b.cells[at]];
    if (!("key" in x.dataset)) return sign * x.textContent.localeCompare(y.textContent, "en");
    if (!x.dataset.key || !y.dataset.key) return !x.dataset.key - !y.dataset.key;
    return sign * (Number(x.dataset.key) - Number(y.dataset.key));
  };
}

const heads = [...document.querySelectorAll("thead th")];
heads.forEach((head, at) => {
  const button = document.createElement("button");
  button.type = "button";
  button.append(...head.childNodes);
  head.append(button);
  button.addEventListener("click", () => {
    const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
    body.append(...rows.sort(compare(at, sign)));
    said.textContent = `Sorted by ${button.textContent}`;
  });
});

body.addEventListener("pointerover", event => {
  const row = event.target.closest("tr");
  if (!row) return;
  for (const dot of dots) {
    dot.classList.toggle("on", dot.dataset.system === row.dataset.system && dot.dataset.faults === row.dataset.faults);
  }
});
