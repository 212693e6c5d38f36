"use strict";
// Adds what a page without scripts does without: sorting and filtering of tables,
// a search of questions, and the numbers of charts under pointer and keyboard.
(() => {
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const make = (tag, fields) => Object.assign(document.createElement(tag), fields);
  const lower = (text) => text.toLocaleLowerCase();

  // Tables: a click on a heading sorts, a field filters where there are many rows.
  const UNITS = new Map([["min", 60], ["KiB", 1024], ["MiB", 1024 ** 2], ["GiB", 1024 ** 3]]);
  const value = (cell) => {
    const text = cell.textContent.replace(/,/g, "");
    if (text.includes("∞")) return Infinity;
    const found = text.match(/(-?\d[\d.]*(?:e[-+]?\d+)?)\s*([A-Za-z]*)/);
    return found ? Number(found[1]) * (UNITS.get(found[2]) || 1) : NaN;
  };
  const sort = (table, column, down) => {
    const body = table.tBodies[0];
    const isNumber = table.tHead.rows[0].cells[column].classList.contains("number");
    const keyed = [...body.rows].map((row) => {
      const cell = row.cells[column];
      return { row, key: isNumber ? value(cell) : cell.textContent.trim() };
    });
    const order = (a, b) => (isNumber ? a - b : a.localeCompare(b, undefined, { numeric: true }));
    keyed.sort((a, b) => {
      const gaps = Number(Number.isNaN(a.key)) - Number(Number.isNaN(b.key));
      if (gaps) return gaps;  // what has no number is last, whichever way
      if (a.key === b.key || Number.isNaN(a.key)) return 0;
      return down ? order(b.key, a.key) : order(a.key, b.key);
    });
    body.append(...keyed.map((item) => item.row));
  };
  all("table.data").forEach((table) => {
    const rows = [...table.tBodies[0].rows];
    if (rows.length < 2) return;
    all("thead th", table).forEach((head, column) => {
      const button = make("button", { type: "button", textContent: head.textContent });
      head.replaceChildren(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        all("thead th", table).forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        sort(table, column, down);
      });
    });
    if (rows.length < 16) return;
    const label = make("label", { className: "filter", textContent: "Filter rows " });
    const field = make("input", { type: "search" });
    label.append(field);
    table.before(label);
    field.addEventListener("input", () => {
      const words = lower(field.value).split(/\s+/);
      rows.forEach((row) => {
        row.hidden = !words.every((word) => lower(row.textContent).includes(word));
      });
    });
  });

  // Questions: those that hold all words and have the chosen grade.
  const tools = document.getElementById("query-tools");
  if (tools) {
    const search = document.getElementById("query-search");
    const grade = document.getElementById("query-grade");
    const count = document.getElementById("query-count");
    const parts = all("details.query").map((part) => ({ part, text: lower(part.textContent) }));
    const show = () => {
      const words = lower(search.value).split(/\s+/);
      let shown = 0;
      parts.forEach(({ part, text }) => {
        const fits = words.every((word) => text.includes(word))
          && (!grade.value || part.dataset.grades.split(" ").includes(grade.value));
        part.hidden = !fits;
        shown += Number(fits);
      });
      count.textContent = `${shown} of ${parts.length} questions`;
    };
    search.addEventListener("input", show);
    grade.addEventListener("change", show);
    tools.hidden = false;
    show();
  }

  // A link to a question opens it, and what it lies in, even if it is filtered out.
  const reveal = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let part = target; part; part = part.parentElement) {
      if (part.tagName === "DETAILS") {
        part.open = true;
        part.hidden = false;
      }
    }
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  // Paper shows what is open, so all can be opened, and folded again.
  all("button.fold").forEach((button) => {
    button.hidden = false;
    button.addEventListener("click", () => all("details").forEach((part) => {
      part.open = button.value === "open";
    }));
  });

  // Charts: the numbers under the pointer; arrow keys step through them.
  const tip = document.getElementById("tip");
  const hide = () => {
    tip.hidden = true;
    all(".hit.on").forEach((area) => area.classList.remove("on"));
  };
  const tell = (area, x, y) => {
    hide();
    area.classList.add("on");
    tip.textContent = area.dataset.told;
    tip.hidden = false;
    const { width, height } = tip.getBoundingClientRect();
    tip.style.left = `${Math.max(4, Math.min(x + 14, innerWidth - width - 8))}px`;
    tip.style.top = `${y + 16 + height > innerHeight ? Math.max(4, y - height - 12) : y + 16}px`;
  };
  all(".chart").forEach((chart) => {
    const areas = all(".hit", chart);
    areas.forEach((area) => {
      area.dataset.told = area.textContent;  // the page shows it, not the browser
      area.replaceChildren();
    });
    let at = -1;
    chart.addEventListener("pointermove", (event) => {
      at = areas.indexOf(event.target);
      if (at < 0) hide();
      else tell(event.target, event.clientX, event.clientY);
    });
    chart.addEventListener("pointerleave", hide);
    chart.addEventListener("blur", hide);
    chart.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") hide();
      if (!step || !areas.length) return;
      event.preventDefault();
      at = (at + step + areas.length) % areas.length;
      const place = areas[at].getBoundingClientRect();
      tell(areas[at], place.left, place.bottom);
    });
  });
})();
