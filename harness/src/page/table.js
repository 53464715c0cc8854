"use strict";
// Headings sort, and the fields of the form filter. Without this the whole table is there; without rows there is no form.
for (const form of document.querySelectorAll("form.filters")) {
  const body = document.querySelector("table.sortable tbody");
  const said = document.getElementById("said");
  const rows = [...body.rows];
  const heads = [...body.parentElement.tHead.rows[0].cells];
  form.hidden = false;

  // A list wants one of the row's words, a box that the row has them, a field wants its text anywhere.
  function fits(row, field) {
    const wanted = field.value.trim().toLowerCase();
    if (!field.name) return true;
    if (field.type === "checkbox") return !field.checked || field.name in row.dataset;
    if (field.tagName === "SELECT") return !wanted || row.dataset[field.name].toLowerCase().split(" ").includes(wanted);
    return (row.dataset[field.name] ?? row.textContent).toLowerCase().includes(wanted);
  }

  function filter() {
    const fields = [...form.elements];
    for (const row of rows) row.hidden = !fields.every(field => fits(row, field));
    const shown = rows.filter(row => !row.hidden).length;
    said.textContent = `${shown} of ${rows.length} rows are shown`;
    const count = document.getElementById("count");
    if (count) count.textContent = said.textContent;
    document.dispatchEvent(new Event("filtered"));
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

  heads.forEach((head, at) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const sign = head.getAttribute("aria-sort") === "ascending" ? -1 : 1;
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
      body.append(...rows.sort(compare(at, sign)));
      said.textContent = `Sorted by ${button.textContent}, ${head.getAttribute("aria-sort")}`;
    });
  });
}
