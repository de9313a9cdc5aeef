"use strict";

// Tables: a click on a heading sorts by that column, numbers by their first one; another click turns the order.
function key(cell) {
  const text = cell.textContent.trim();
  const number = parseFloat(text.replace(/\u2212/g, "-").replace(/,/g, ""));
  return { number: Number.isNaN(number) ? null : number, text };
}
function order(a, b) {
  if (a.number !== null && b.number !== null) return a.number - b.number;
  if (a.number === null && b.number === null) return a.text.localeCompare(b.text);
  return a.number === null ? 1 : -1;
}
for (const table of document.querySelectorAll("table.sortable")) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows];
      rows.sort((a, b) => (up ? 1 : -1) * order(key(a.cells[column]), key(b.cells[column])));
      table.tBodies[0].append(...rows);
    });
  });
}

// Charts: the values at the episode that one points at, from the CSV behind the chart.
function parsed(link) {
  const text = decodeURIComponent(link.href.slice(link.href.indexOf(",") + 1));
  const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((m) => m[1].replace(/^"|"$/g, "").replace(/""/g, '"'));
  const [header, ...rows] = text.trim().split("\n").map(cells);
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i]])));
}
function tidy(text) {
  const number = Number(text.replace("inf", "Infinity"));
  const digits = Math.abs(number) >= 1000 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  const fixed = number.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return fixed.replace("-", "\u2212");
}
for (const figure of document.querySelectorAll(".drawn")) {
  const chart = figure.querySelector("svg");
  const lines = [...chart.querySelectorAll("[data-name]")];
  if (!lines.length) continue;
  const places = [...lines[0].points].map((point) => point.x);
  let rows = null, readout = null, hair = null;
  const away = () => { readout?.remove(); hair?.remove(); readout = hair = null; };
  chart.addEventListener("pointerleave", away);
  chart.addEventListener("pointermove", (event) => {
    rows ??= parsed(figure.querySelector(".data"));
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse()).x;
    if (at < places[0] - 8 || at > places[places.length - 1] + 8) return away();
    const nearest = places.reduce((best, x, i) => (Math.abs(x - at) < Math.abs(places[best] - at) ? i : best), 0);
    if (!hair) {
      hair = document.createElementNS(chart.namespaceURI, "line");
      hair.setAttribute("class", "hair");
      chart.append(hair);
      readout = document.createElement("div");
      readout.className = "readout";
      figure.append(readout);
    }
    const box = chart.viewBox.baseVal;
    for (const [name, value] of [["x1", places[nearest]], ["x2", places[nearest]], ["y1", 12], ["y2", box.height - 40]]) hair.setAttribute(name, value);
    const row = rows[Math.min(nearest, rows.length - 1)];  // a single episode is drawn as a stroke with two ends
    const title = document.createElement("div");
    title.textContent = `episode ${tidy(row.episode).replace(/\.0+$/, "")}`;
    const values = lines.map((line) => {
      const name = line.dataset.name, entry = document.createElement("div"), label = document.createElement("b");
      label.textContent = name;
      label.style.cssText = line.style.cssText;
      entry.append(label, ` ${tidy(row[`${name}, mean`])} [${tidy(row[`${name}, low`])}, ${tidy(row[`${name}, high`])}]`);
      return entry;
    });
    readout.replaceChildren(title, ...values);
    const scale = chart.clientWidth / box.width, left = places[nearest] * scale;
    readout.style.top = `${chart.offsetTop ?? 24}px`;
    if (left > chart.clientWidth / 2) { readout.style.left = ""; readout.style.right = `${figure.clientWidth - left + 10}px`; }
    else { readout.style.right = ""; readout.style.left = `${left + 10}px`; }
  });
}
