// Hovering and ranges. The page is whole without it: every spot has a title of its own and every chart a table.
"use strict";
for (const chart of document.querySelectorAll(".chart")) {
  const spoken = chart.querySelector(".spoken");
  for (const svg of chart.querySelectorAll("svg")) {
    const spots = [...svg.querySelectorAll(".spot")];
    if (!spots.length) continue;
    let at = -1, from = null;
    const words = (spot) => spot.querySelector("title").textContent;
    const light = (a, b) => spots.forEach((spot, i) => spot.classList.toggle("on", i >= Math.min(a, b) && i <= Math.max(a, b)));
    const tell = (i) => { at = i; light(i, i); spoken.textContent = words(spots[i]); };
    svg.setAttribute("tabindex", "0");
    svg.addEventListener("keydown", (event) => {
      const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
      if (!step) return;
      event.preventDefault();
      tell(at < 0 ? spots.length - 1 : Math.min(spots.length - 1, Math.max(0, at + step)));
    });
    spots.forEach((spot, i) => {
      spot.addEventListener("pointerenter", () => (from === null ? tell(i) : light(from, i)));
      spot.addEventListener("pointerdown", () => { from = spot.dataset.day ? i : null; });
      spot.addEventListener("pointerup", () => {
        const form = document.querySelector("form.range");
        if (form && from !== null && from !== i) {
          const days = [spots[from].dataset.day, spot.dataset.day].sort();
          form.elements.first.value = days[0];
          form.elements.last.value = days[1];
          form.querySelector("button").focus();
        }
        from = null;
      });
    });
    svg.addEventListener("pointerleave", () => { from = null; });
  }
}
