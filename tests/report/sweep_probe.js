// Run within the page of a sweep: what can be seen and done there, told to the page that frames it.
window.addEventListener("load", async () => {
  const found = { width: document.documentElement.scrollWidth, contents: document.querySelector("nav details").open };
  const table = document.querySelector("table.searched"), body = table.tBodies[0];
  const figure = table.closest("figure"), box = figure.querySelector("input[type=search]");
  const rows = () => [...body.rows].filter((row) => !row.hidden).map((row) => row.cells[0].textContent.replace(/\u00a0/g, " "));
  const count = () => figure.querySelector("output").textContent;
  const type = (text) => { box.value = text; box.dispatchEvent(new Event("input")); };
  found.first = [rows().length, count()];
  figure.querySelector("button.all").click();
  found.all = [rows().length, count(), figure.querySelector("button.all").textContent];
  figure.querySelector("button.all").click();
  found.again = rows().length;
  type("SOFT α = 0.5");
  found.searched = rows();
  type("−2");  // as numbers are typeset; and as one types it
  found.typeset = rows();
  type("-2");
  found.typed = rows();
  type("");
  const [algorithm, step] = figure.querySelectorAll("select");
  found.options = [...step.options].map((option) => option.textContent);
  algorithm.value = "hard"; algorithm.dispatchEvent(new Event("change"));
  step.value = "0.5"; step.dispatchEvent(new Event("change"));
  found.chosen = rows();
  const heading = table.tHead.rows[0].cells[4];
  heading.querySelector("button").focus();
  found.focused = document.activeElement.textContent;
  heading.querySelector("button").click();
  found.sorted = rows();
  found.aria = heading.getAttribute("aria-sort");
  found.labels = [...figure.querySelectorAll("input, select")].map((control) => control.labels[0].querySelector("span").textContent);
  found.inside = [...document.querySelectorAll("svg.chart")].filter((svg) => svg.getBoundingClientRect().width).map((svg) => {
    const box = svg.getBBox(), frame = svg.viewBox.baseVal;
    return Math.min(box.x, box.y) >= -1 && box.x + box.width <= frame.width + 1 && box.y + box.height <= frame.height + 1;
  });
  const texts = [...document.querySelectorAll("svg.chart text:not(.within)")].filter((t) => t.getBoundingClientRect().width);
  const boxes = texts.map((text) => ({ svg: text.ownerSVGElement, words: text.textContent, box: text.getBoundingClientRect() }));
  found.touching = boxes.flatMap((a, i) => boxes.slice(0, i).filter((b) => a.svg === b.svg
    && a.box.left < b.box.right - 1 && b.box.left < a.box.right - 1 && a.box.top < b.box.bottom - 4 && b.box.top < a.box.bottom - 4)
    .map((b) => [a.words, b.words]));
  const chart = document.querySelectorAll(".charts svg.chart")[0], at = chart.getBoundingClientRect();
  chart.dispatchEvent(new PointerEvent("pointermove", { clientX: at.x + at.width / 3, clientY: at.y + 40, bubbles: true }));
  found.readout = document.querySelector(".readout").innerText;
  const folded = document.querySelector("details.group:not([open])");
  location.hash = folded.querySelector("h3, h4").id;
  await new Promise((done) => setTimeout(done, 50));
  found.revealed = folded.open;
  parent.postMessage(JSON.stringify(found), "*");
});
