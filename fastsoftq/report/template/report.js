"use strict";

// Contents: closed where they stand above the page; a link opens what it leads to.
if (matchMedia("(max-width: 68rem)").matches) document.querySelector("nav details")?.removeAttribute("open");
function reveal() {
  for (let at = document.getElementById(decodeURIComponent(location.hash.slice(1))); at; at = at.parentElement) {
    if (at.tagName === "DETAILS") at.open = true;
  }
}
addEventListener("hashchange", reveal);
reveal();

// What is folded is printed too.
let opened = [];
addEventListener("beforeprint", () => {
  opened = [...document.querySelectorAll("details.group:not([open])")];
  for (const details of opened) details.open = true;
});
addEventListener("afterprint", () => { for (const details of opened) details.open = false; });

// Tables: a click on a heading sorts by that column, numbers by their first one; another click turns the order.
const plain = (text) => text.trim().replace(/[\u2212\u2013]/g, "-").replace(/\u00a0/g, " ");
function key(cell) {
  const text = plain(cell.textContent);
  const number = parseFloat(text.replace(/,(?=\d{3})/g, "").replace("\u221e", "Infinity"));
  return { number: Number.isNaN(number) ? null : number, text, missing: /^-?$/.test(text) };
}
function order(a, b, sign) {
  if (a.missing || b.missing) return a.missing - b.missing;  // last, whichever way the others go
  if (a.number !== null && b.number !== null) return sign * (a.number - b.number);
  if (a.number === null && b.number === null) return sign * a.text.localeCompare(b.text, "en", { numeric: true });
  return a.number === null ? 1 : -1;
}
function sorting(table, then) {
  const headings = [...table.tHead.rows[0].cells];
  headings.forEach((heading, column) => {
    heading.querySelector("button").addEventListener("click", () => {
      const up = heading.getAttribute("aria-sort") !== "ascending";
      headings.forEach((other) => other.removeAttribute("aria-sort"));
      heading.setAttribute("aria-sort", up ? "ascending" : "descending");
      const rows = [...table.tBodies[0].rows].map((row) => ({ row, key: key(row.cells[column]) }));
      rows.sort((a, b) => order(a.key, b.key, up ? 1 : -1));
      table.tBodies[0].append(...rows.map((each) => each.row));
      then();
    });
  });
}

// Large tables: a search box, a choice for some columns, and the first rows until all are asked for.
const FIRST = 25;
const sought = (text) => plain(text).toLowerCase().replace(/ ?= ?/g, "=");  // "k = 10" is one word
function element(name, attributes = {}, ...children) {
  const made = Object.assign(document.createElement(name), attributes);
  made.append(...children);
  return made;
}
function searching(table) {
  const headings = [...table.tHead.rows[0].cells];
  const box = element("input", { type: "search", autocomplete: "off" });
  const count = element("output", { className: "count" });
  const all = element("button", { type: "button", className: "all" });
  const chosen = headings.map((heading, column) => ({ heading, column })).filter((each) => "filter" in each.heading.dataset);
  for (const each of chosen) {
    const keys = [...table.tBodies[0].rows].map((row) => ({ ...key(row.cells[each.column]), shown: row.cells[each.column].textContent.trim() }));
    const distinct = [...new Map(keys.map((k) => [k.shown, k])).values()].sort((a, b) => order(a, b, 1));
    each.select = element("select", {}, element("option", { value: "", textContent: "all" }));
    each.select.append(...distinct.map((k) => element("option", { value: k.shown, textContent: k.shown || "\u2013" })));
    if (distinct.some((k) => !k.shown)) each.select.querySelectorAll("option")[distinct.length].value = " ";
  }
  let whole = false;
  const show = () => {
    const rows = [...table.tBodies[0].rows];
    const wanted = sought(box.value).split(/\s+/).filter(Boolean);
    const right = rows.filter((row) => {
      const text = [...row.cells].map((cell) => sought(cell.textContent)).join(" ");
      return wanted.every((word) => text.includes(word))
        && chosen.every(({ select, column }) => !select.value || row.cells[column].textContent.trim() === select.value.trim());
    });
    const shown = new Set(whole ? right : right.slice(0, FIRST));
    for (const row of rows) row.hidden = !shown.has(row);
    const number = (n) => n.toLocaleString("en");
    count.textContent = `${number(shown.size)} of ${number(rows.length)} rows`;
    all.hidden = right.length <= FIRST;
    all.textContent = whole ? `Show the first ${FIRST}` : `Show all ${number(right.length)}`;
  };
  all.addEventListener("click", () => { whole = !whole; show(); });
  box.addEventListener("input", show);
  for (const { select } of chosen) select.addEventListener("change", show);
  const label = (words, input) => element("label", {}, element("span", { textContent: words }), input);
  const controls = element("div", { className: "controls" }, label("Search", box));
  controls.append(...chosen.map(({ heading, select }) => label(heading.textContent.trim(), select)), count);
  const scroll = table.closest(".scroll");
  scroll.before(controls);
  scroll.after(all);
  show();
  addEventListener("beforeprint", () => { for (const row of table.tBodies[0].rows) row.hidden = false; });
  addEventListener("afterprint", show);
  return show;
}
for (const table of document.querySelectorAll("table.sortable")) {
  sorting(table, table.classList.contains("searched") ? searching(table) : () => {});
}

// Charts: the values at the place that one points at, from the CSV behind the chart.
function parsed(link) {
  const text = decodeURIComponent(link.href.slice(link.href.indexOf(",") + 1));
  const cells = (line) => [...line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|$)/g)].map((m) => m[1].replace(/^"|"$/g, "").replace(/""/g, '"'));
  const [header, ...rows] = text.trim().split("\n").map(cells);
  const names = header.map((name) => name.replace(/^'(?=[=+@\t-])/, ""));  // put there for spreadsheets
  return { across: names[0], rows: rows.map((row) => Object.fromEntries(names.map((name, i) => [name, row[i]]))) };
}
const written = (number, options) => number.toLocaleString("en", options).replace("-", "\u2212");
function tidy(text) {
  const number = Number(text.replace("inf", "Infinity"));
  if (number !== 0 && (Math.abs(number) < 0.01 || (Math.abs(number) >= 1e15 && Number.isFinite(number)))) {
    return String(Number(number.toPrecision(3))).replace("e+", "e").replaceAll("-", "\u2212");
  }
  const digits = Math.abs(number) >= 1000 ? 0 : Math.abs(number) >= 10 ? 1 : 2;
  return written(number, { minimumFractionDigits: digits, maximumFractionDigits: digits });
}
const value = (text) => (Number.isNaN(Number(text)) ? text : written(Number(text), { maximumSignificantDigits: 6 }));
for (const figure of document.querySelectorAll(".drawn")) {
  const chart = figure.querySelector("svg");
  const lines = [...chart.querySelectorAll("[data-name]")];
  if (!lines.length) continue;
  const drawn = lines.map((line) => ({ line, name: line.dataset.name, places: [...line.points].map((point) => point.x) }));
  const places = [...new Set(drawn.flatMap((each) => each.places))].sort((a, b) => a - b);
  let data = null, readout = null, hair = null;
  const away = () => { readout?.remove(); hair?.remove(); readout = hair = null; };
  chart.addEventListener("pointerleave", away);
  chart.addEventListener("pointermove", (event) => {
    if (!data) {
      data = parsed(figure.querySelector(".data"));
      for (const each of drawn) each.rows = data.rows.filter((row) => row[`${each.name}, mean`] !== "");
    }
    const at = new DOMPoint(event.clientX, event.clientY).matrixTransform(chart.getScreenCTM().inverse()).x;
    if (at < places[0] - 8 || at > places[places.length - 1] + 8) return away();
    const nearest = places.reduce((best, x) => (Math.abs(x - at) < Math.abs(best - at) ? x : best));
    if (!hair) {
      hair = document.createElementNS(chart.namespaceURI, "line");
      hair.setAttribute("class", "hair");
      chart.append(hair);
      readout = element("div", { className: "readout" });
      figure.append(readout);
    }
    const box = chart.viewBox.baseVal;
    for (const [name, place] of [["x1", nearest], ["x2", nearest], ["y1", 12], ["y2", box.height - 40]]) hair.setAttribute(name, place);
    let title = null;
    const values = drawn.filter((each) => each.places.includes(nearest)).map((each) => {
      // A single episode is drawn as a stroke with two ends.
      const row = each.rows[Math.min(each.places.indexOf(nearest), each.rows.length - 1)];
      title ??= element("div", { textContent: `${data.across} ${value(row[data.across])}` });
      const label = element("b", { textContent: each.name });
      label.style.cssText = each.line.style.cssText;
      const part = (name) => tidy(row[`${each.name}, ${name}`]);
      return element("div", {}, label, ` ${part("mean")} [${part("low")}, ${part("high")}]`);
    });
    readout.replaceChildren(title, ...values);
    const scale = chart.clientWidth / box.width, left = nearest * scale;
    readout.style.top = `${chart.offsetTop ?? 24}px`;
    if (left > chart.clientWidth / 2) { readout.style.left = ""; readout.style.right = `${figure.clientWidth - left + 10}px`; }
    else { readout.style.right = ""; readout.style.left = `${left + 10}px`; }
  });
}
