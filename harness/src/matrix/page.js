"use strict";
// Dots are dimmed with the rows that are filtered out, and a row that is pointed at shows its own.
{
  const body = document.querySelector("table.sortable tbody");
  const dots = [...document.querySelectorAll(".dot")];
  const name = one => `${one.dataset.system} ${one.dataset.faults}`;

  document.addEventListener("filtered", () => {
    const shown = new Set([...body.rows].filter(row => !row.hidden).map(name));
    for (const dot of dots) dot.classList.toggle("off", !shown.has(name(dot)));
  });
  body.addEventListener("pointerover", event => {
    const row = event.target.closest("tr");
    if (row) for (const dot of dots) dot.classList.toggle("on", name(dot) === name(row));
  });
}
