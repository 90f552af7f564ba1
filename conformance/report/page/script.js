// Draws the page from the reports that stand in it. Everything that a server has said is set as text, never as markup.
"use strict";
const reports = JSON.parse(document.getElementById("reports").textContent);
const page = document.getElementById("page");
const bad = new Set(["fail", "error", "xpass"]);
const order = ["pass", "warn", "fail", "error", "xpass", "xfail", "skip", "not-run"];

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
}

/** A text in which what stands between backticks is code. */
function toText(text) {
  const parts = String(text).split("`");
  if (parts.length % 2 === 0) return [text];
  return parts.map((part, index) => (index % 2 === 1 ? element("code", {}, part) : part));
}

/** A column for each subject and each SDK major that one of its cases was run with. */
const columns = reports.flatMap((report, subject) => {
  const majors = [...new Set(report.results.map((result) => result.sdk).filter((sdk) => sdk !== undefined))];
  majors.sort((a, b) => b - a);
  return (majors.length === 0 ? [undefined] : majors).map((sdk) => ({ subject, sdk, name: report.subject.name }));
});

const rows = new Map();
reports.forEach((report, subject) => {
  for (const result of report.results) {
    const row = rows.get(result.id) || { ...result, cells: [] };
    row.cells.push({ ...result, subject });
    rows.set(result.id, row);
  }
});

function toSubject(report) {
  const { counts, subject, results } = report;
  const bar = element("div", {
    class: "bar",
    role: "img",
    "aria-label": order.map((v) => `${counts[v] || 0} ${v}`).join(", "),
  });
  for (const verdict of order) {
    const share = ((counts[verdict] || 0) / Math.max(1, results.length)) * 100;
    if (share > 0)
      bar.append(
        element("span", {
          style: `width:${share}%;background:var(--${bad.has(verdict) ? "fail" : verdict === "xfail" || verdict === "not-run" ? "skip" : verdict})`,
        }),
      );
  }
  const failed = (counts.fail || 0) + (counts.error || 0) + (counts.xpass || 0);
  return element(
    "section",
    { class: "subject" },
    element("strong", {}, subject.name),
    element("p", {}, element("span", { class: failed ? "fail" : "pass" }, report.summary)),
    report.died === undefined ? "" : element("p", { class: "fail" }, `Died: ${report.died.message}`),
    report.slow === undefined ? "" : element("p", { class: "fail" }, report.slow),
    bar,
    element("p", { class: "quiet" }, `${subject.baseUrl} · ${subject.model} · profile ${subject.profile}`),
    element(
      "p",
      { class: "quiet" },
      `${report.requests} requests in ${report.seconds} s · openai ${report.sdks.map((sdk) => sdk.version).join(", ")} · ${report.started.slice(0, 10)}`,
    ),
    report.timeout === undefined
      ? ""
      : element("p", { class: "quiet" }, `a call might take ${report.timeout.ms / 1000} s: ${report.timeout.why}`),
  );
}

function toWhere(cell) {
  const name = reports.length > 1 ? reports[cell.subject].subject.name : "";
  const sdk = cell.sdk === undefined ? "" : `openai ${cell.sdk}`;
  return [name, sdk].filter(Boolean).join(", ");
}

/** Findings that say the same of the same case are one thing to fix. */
function listFixes() {
  const fixes = new Map();
  for (const row of rows.values()) {
    for (const cell of row.cells) {
      if (!bad.has(cell.verdict) && cell.verdict !== "warn") continue;
      const finding =
        cell.expected === undefined ? cell.reason || "" : `Expected ${cell.expected}, got ${cell.actual}.`;
      const key = `${cell.id} ${finding}`;
      const fix = fixes.get(key) || { cell, finding, where: [] };
      fix.where.push(toWhere(cell));
      fixes.set(key, fix);
    }
  }
  const weight = ({ cell }) => (bad.has(cell.verdict) ? (cell.level === "MUST" ? 0 : 1) : 2);
  return [...fixes.values()].toSorted((a, b) => weight(a) - weight(b));
}

function toFix({ cell, finding, where }) {
  const places = [...new Set(where)].filter(Boolean).join("; ");
  return element(
    "li",
    { class: bad.has(cell.verdict) ? "" : "warn" },
    element("button", { class: `verdict ${cell.verdict}`, onclick: () => open(cell) }, cell.id),
    " ",
    element("strong", {}, ...toText(cell.requirement)),
    element("p", {}, ...toText(finding)),
    element("p", { class: "quiet" }, ...toText(`${cell.level} · ${cell.source}${places ? ` · ${places}` : ""}`)),
  );
}

function toExchange(exchange) {
  const headers = (list) =>
    Object.entries(list)
      .map(([name, value]) => `${name}: ${value}`)
      .join("\n");
  const answer = element("pre", {}, `HTTP ${exchange.status}\n${headers(exchange.headers)}\n\n`);
  for (const { atMs, text } of exchange.reads)
    answer.append(element("span", { class: "at" }, `[${atMs} ms] `), text, "\n");
  answer.append(element("span", { class: "at" }, `[${exchange.endMs} ms] ${exchange.end}`));
  return element(
    "div",
    {},
    element(
      "pre",
      {},
      `${exchange.method} ${exchange.url}\n${headers(exchange.requestHeaders)}\n\n${exchange.requestBody}`,
    ),
    answer,
  );
}

const dialog = element("dialog", { "aria-label": "Case" });

function open(cell) {
  const pairs = {
    Verdict: cell.verdict,
    Level: cell.level,
    Where: toWhere(cell),
    Source: cell.source,
    Expected: cell.expected,
    Found: cell.actual,
    Reason: cell.reason,
    Notes: cell.notes.join("; "),
    Time: `${cell.ms} ms`,
  };
  const list = element("dl", {});
  for (const [name, value] of Object.entries(pairs))
    if (value) list.append(element("dt", {}, name), element("dd", {}, value));
  dialog.replaceChildren(
    element("button", { onclick: () => dialog.close(), style: "float:right" }, "Close"),
    element("h2", { style: "margin-top:0" }, cell.id),
    element("p", {}, ...toText(cell.requirement)),
    list,
    element("h2", {}, "On the wire"),
    ...(cell.exchanges.length === 0
      ? [element("p", { class: "quiet" }, "No request of its own: it looked at an answer that several cases share.")]
      : cell.exchanges.map(toExchange)),
  );
  dialog.showModal();
}

const sorted = [...rows.values()].toSorted(
  (a, b) => a.group.localeCompare(b.group) || a.id.localeCompare(b.id, undefined, { numeric: true }),
);
const state = { text: "", group: "", only: "" };
const body = element("tbody", {});

function toRow(row) {
  const cells = columns.flatMap((column, index) => {
    const whole = row.cells.find((one) => one.subject === column.subject && one.sdk === undefined);
    // One result that holds for every SDK is one cell.
    if (whole !== undefined && columns[index - 1]?.subject === column.subject) return [];
    const cell = whole ?? row.cells.find((one) => one.subject === column.subject && one.sdk === column.sdk);
    const span = whole === undefined ? 1 : columns.filter((one) => one.subject === column.subject).length;
    return element(
      "td",
      { class: "cell", colspan: span },
      cell ? element("button", { class: `verdict ${cell.verdict}`, onclick: () => open(cell) }, cell.verdict) : "",
    );
  });
  return element(
    "tr",
    {},
    element("td", {}, element("code", {}, row.id)),
    element("td", {}, row.level),
    element("td", { class: "requirement" }, ...toText(row.requirement)),
    ...cells,
  );
}

function draw() {
  const wanted = state.text.toLowerCase();
  const shown = sorted.filter(
    (row) =>
      (state.group === "" || row.group === state.group) &&
      (state.only === "" ||
        row.cells.some((cell) => (state.only === "fail" ? bad.has(cell.verdict) : cell.verdict === state.only))) &&
      (wanted === "" || `${row.id} ${row.requirement} ${row.source}`.toLowerCase().includes(wanted)),
  );
  body.replaceChildren(...shown.map(toRow));
}

function toFilters() {
  const groups = [...new Set([...rows.values()].map((row) => row.group))];
  const buttons = ["fail", "warn", "skip", "pass"].map((verdict) =>
    element(
      "button",
      {
        "aria-pressed": "false",
        onclick: (event) => {
          state.only = state.only === verdict ? "" : verdict;
          for (const button of buttons)
            button.setAttribute("aria-pressed", String(button === event.currentTarget && state.only !== ""));
          draw();
        },
      },
      verdict,
    ),
  );
  return element(
    "div",
    { class: "filters" },
    element("input", {
      type: "search",
      placeholder: "Search cases",
      "aria-label": "Search cases",
      oninput: (event) => {
        state.text = event.target.value;
        draw();
      },
    }),
    element(
      "select",
      {
        "aria-label": "Group",
        onchange: (event) => {
          state.group = event.target.value;
          draw();
        },
      },
      element("option", { value: "" }, "All groups"),
      ...groups.map((group) => element("option", { value: group }, group)),
    ),
    ...buttons,
  );
}

const fixes = listFixes();
const more = element("ul", { class: "fixes" });
const rest = fixes.slice(3);
page.replaceChildren(
  element("h1", {}, reports.length === 1 ? `Conformance of ${reports[0].subject.name}` : "Conformance"),
  element("p", { class: "quiet" }, `${rows.size} cases against OpenAI's chat completions`),
  element("div", { class: "subjects" }, ...reports.map(toSubject)),
  element(
    "h2",
    {},
    fixes.length === 0 ? "Nothing to fix" : fixes.length > 3 ? "The first three things to fix" : "To fix",
  ),
  element("ul", { class: "fixes" }, ...fixes.slice(0, 3).map(toFix)),
  rest.length > 0
    ? element(
        "button",
        {
          onclick: (event) => {
            more.replaceChildren(...rest.map(toFix));
            event.currentTarget.remove();
          },
        },
        `Show ${rest.length} more`,
      )
    : "",
  more,
  element("h2", {}, "All cases"),
  toFilters(),
  element(
    "div",
    { class: "scroll" },
    element(
      "table",
      {},
      element(
        "thead",
        {},
        element(
          "tr",
          {},
          element("th", {}, "Case"),
          element("th", {}, "Level"),
          element("th", {}, "Requirement"),
          ...columns.map((column) =>
            element(
              "th",
              {},
              [reports.length > 1 ? column.name : "", column.sdk === undefined ? "" : `openai ${column.sdk}`]
                .filter(Boolean)
                .join(" ") || "verdict",
            ),
          ),
        ),
      ),
      body,
    ),
  ),
  dialog,
);
draw();
