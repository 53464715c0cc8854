"use strict";
// An operation that is named anywhere is marked everywhere, and its timeline comes into view. Without this, the same
// links go to the operation's row, and from there to its bar.
const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
const said = document.getElementById("said");

function show(name) {
  for (const marked of document.querySelectorAll(".on")) marked.classList.remove("on");
  const same = document.querySelectorAll(`[data-op="${CSS.escape(name)}"]`);
  for (const one of same) one.classList.add("on");
  const bar = document.getElementById(`${name}-bar`);
  const row = document.getElementById(name);
  // the bar itself: its label may be far wider
  const shown = (bar && bar.querySelector("rect")) || bar || row;
  if (!shown) return false;
  shown.scrollIntoView({ block: "center", inline: "center", behavior: still ? "auto" : "smooth" });
  history.replaceState(null, "", `#${name}`);
  const cells = row ? [...row.cells].map(cell => cell.textContent).join(", ") : name;
  said.textContent = `Marked in the timeline: ${cells}`;
  return true;
}

document.addEventListener("click", event => {
  const link = event.target.closest("a[data-op]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  // from the bar to the row, and from anywhere else to the bar
  if (link.closest("svg")) {
    show(link.dataset.op);
    const row = document.getElementById(link.dataset.op);
    if (row) row.scrollIntoView({ block: "center", behavior: still ? "auto" : "smooth" });
    event.preventDefault();
  } else if (show(link.dataset.op)) {
    event.preventDefault();
  }
});

addEventListener("keydown", event => {
  if (event.key === "Escape") for (const marked of document.querySelectorAll(".on")) marked.classList.remove("on");
});

for (const drawing of document.querySelectorAll("svg.zoomable")) {
  let zoom = 1;
  const tools = document.createElement("div");
  tools.className = "tools";
  const button = (text, label, next) => {
    const made = document.createElement("button");
    made.type = "button";
    made.textContent = text;
    made.setAttribute("aria-label", label);
    made.addEventListener("click", () => {
      const frame = drawing.parentElement;
      const middle = (frame.scrollLeft + frame.clientWidth / 2) / frame.scrollWidth;
      zoom = Math.min(8, Math.max(1, next()));
      drawing.style.width = `${zoom * 100}%`;
      frame.scrollLeft = middle * frame.scrollWidth - frame.clientWidth / 2;
    });
    tools.append(made);
  };
  button("−", "Zoom out", () => zoom / 1.5);
  button("+", "Zoom in", () => zoom * 1.5);
  button("all", "Show all", () => 1);
  drawing.closest("figure").prepend(tools);
}
