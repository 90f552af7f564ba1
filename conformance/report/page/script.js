// Draws the page from the reports that stand in it. Everything that a server has said is set as text, never as markup.
"use strict";
const reports = JSON.parse(document.getElementById("reports").textContent);
const repros = JSON.parse(document.getElementById("repros").textContent);
const page = document.getElementById("page");
const bad = new Set(["fail", "error", "xpass", "stale"]);
const pale = new Set(["xfail", "not-claimed", "not-run"]);
const levels = ["MUST", "EXT", "SHOULD", "DOC"];
const order = ["pass", "warn", "fail", "error", "xpass", "xfail", "skip", "not-claimed", "not-run", "stale"];

function element(name, attributes, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== undefined && child !== ""));
  return node;
}

/** A text in which what stands between backticks is code, and `owner/repository#1` leads to the issue. */
function toText(text) {
  const parts = String(text).split("`");
  if (parts.length % 2 === 0) return toLinked(text);
  return parts.flatMap((part, index) => (index % 2 === 1 ? [element("code", {}, part)] : toLinked(part)));
}

function toLinked(text) {
  return text.split(/([\w.-]+\/[\w.-]+#\d+)/).map((part, index) => {
    if (index % 2 === 0) return part;
    const [repository, number] = part.split("#");
    return element("a", { href: `https://github.com/${repository}/issues/${number}`, rel: "noreferrer" }, part);
  });
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

function toClaims({ capabilities }) {
  const claimed = Object.keys(capabilities).filter((name) => capabilities[name].claimed);
  return claimed.length === 0 ? "nothing" : claimed.join(", ");
}

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
          style: `width:${share}%;background:var(--${bad.has(verdict) ? "fail" : pale.has(verdict) ? "skip" : verdict})`,
        }),
      );
  }
  const failed = (counts.fail || 0) + (counts.error || 0) + (counts.xpass || 0) + (counts.stale || 0);
  return element(
    "section",
    { class: "subject" },
    element("strong", {}, subject.name),
    element("p", {}, element("span", { class: failed ? "fail" : "pass" }, report.summary)),
    report.died === undefined ? "" : element("p", { class: "fail" }, `Died: ${report.died.message}`),
    report.slow === undefined ? "" : element("p", { class: "fail" }, report.slow),
    bar,
    element("p", { class: "quiet" }, `${subject.baseUrl} · ${subject.model} · profile ${subject.profile}`),
    report.manifest === undefined
      ? ""
      : element("p", { class: "quiet" }, `Claimed by ${report.manifest}: ${toClaims(report)}`),
    element(
      "p",
      { class: "quiet" },
      `${report.requests} requests in ${report.seconds} s · openai ${report.sdks.map((sdk) => sdk.version).join(", ")} · ${report.started.slice(0, 10)}`,
    ),
    report.timeout === undefined
      ? ""
      : element("p", { class: "quiet" }, `a call might take ${report.timeout.ms / 1000} s: ${report.timeout.why}`),
    toClients(report),
  );
}

/** Which clients can be used, each with what it breaks on. */
function toClients({ clients }) {
  const count = (verdict) => (clients || []).filter((client) => client.verdict === verdict).length;
  const [ready, untried] = [count("ready"), count("untried")];
  // Where so little was run that nothing can be said of any.
  if (ready === 0 && count("breaks") === 0) return "";
  const rest = untried === 0 ? "" : `, ${untried} untried`;
  return element(
    "details",
    {},
    element("summary", {}, `${ready} of ${clients.length} clients can be used${rest}`),
    element("ul", {}, ...clients.map((client) => element("li", {}, `${client.name}: ${client.says}`))),
  );
}

function toWhere(cell) {
  const name = reports.length > 1 ? reports[cell.subject].subject.name : "";
  const sdk = cell.sdk === undefined ? "" : `openai ${cell.sdk}`;
  return [name, sdk].filter(Boolean).join(", ");
}

/** Where it was seen, each server once with all SDK majors. */
function toPlaces(cells) {
  const majors = Map.groupBy(cells, (cell) => cell.subject);
  return [...majors]
    .map(([subject, of]) => {
      const sdks = [...new Set(of.map((cell) => cell.sdk).filter((sdk) => sdk !== undefined))];
      const name = reports.length > 1 ? reports[subject].subject.name : "";
      return [name, sdks.length === 0 ? "" : `openai ${sdks.join(", ")}`].filter(Boolean).join(", ");
    })
    .filter(Boolean)
    .join("; ");
}

/** The page's own link to a result; the place of its report stands before it where there are several. */
function toAnchor(cell) {
  const name = cell.sdk === undefined ? cell.id : `${cell.id}@${cell.sdk}`;
  return reports.length > 1 ? `${cell.subject}:${name}` : name;
}

const known = new Map([...rows.values()].flatMap((row) => row.cells).map((cell) => [toAnchor(cell), cell]));

/** What several servers have in common is one thing to fix on this page. */
function listFixes() {
  const fixes = new Map();
  reports.forEach((report, subject) => {
    for (const finding of report.findings) {
      const fix = fixes.get(finding.title) || { ...finding, cells: [] };
      const names = finding.results.map((name) => (reports.length > 1 ? `${subject}:${name}` : name));
      fix.cells.push(...names.map((name) => known.get(name)).filter(Boolean));
      fixes.set(finding.title, fix);
    }
  });
  const weight = (fix) => (fix.after ? 10 : 0) + (fix.verdict === "warn" ? 4 : 0) + levels.indexOf(fix.level);
  const seen = new Set();
  return [...fixes.values()]
    .toSorted((a, b) => weight(a) - weight(b))
    .map((fix) => {
      let anchor = `finding-${fix.id}`;
      while (seen.has(anchor)) anchor += "-";
      seen.add(anchor);
      return { ...fix, anchor };
    });
}

function toFix(fix) {
  const first = fix.cells[0];
  const byCase = new Map();
  for (const cell of fix.cells) byCase.set(cell.id, [...(byCase.get(cell.id) || []), cell]);
  const places = toPlaces(fix.cells);
  const single = byCase.size === 1;
  const finding =
    first.expected === undefined ? first.reason || "" : `Expected ${first.expected}, got ${first.actual}.`;
  return element(
    "li",
    { class: fix.verdict === "warn" ? "warn" : "", id: fix.anchor },
    element("strong", {}, ...toText(fix.title)),
    " ",
    element("a", { class: "anchor", href: `#${fix.anchor}`, "aria-label": `Link to ${fix.id}` }, "#"),
    element(
      "p",
      { class: "cases" },
      ...[...byCase].map(([id, [cell]]) =>
        element("button", { class: `verdict ${cell.verdict}`, onclick: () => open(cell) }, id),
      ),
    ),
    element("p", {}, ...toText(single ? finding : `${first.id}: ${finding}`)),
    element(
      "p",
      { class: "quiet" },
      ...toText(
        `${fix.level}${fix.after ? ", after the set" : ""} · ${single ? first.source : `${byCase.size} cases`}${places ? ` · ${places}` : ""}`,
      ),
    ),
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

const dialog = element("dialog", {
  "aria-labelledby": "case",
  onclose: () => history.replaceState(null, "", location.pathname + location.search),
});

function toRepro(lines) {
  return lines.map((line, index) =>
    element(
      "div",
      { class: "repro" },
      element(
        "button",
        {
          onclick: async (event) => {
            const button = event.currentTarget;
            await navigator.clipboard.writeText(line);
            button.textContent = "Copied";
          },
        },
        index === 0 ? "Copy for a shell" : "Copy for the SDK",
      ),
      element("pre", { tabindex: "0" }, line),
    ),
  );
}

function open(cell) {
  const anchor = toAnchor(cell);
  const pairs = {
    Verdict: cell.verdict,
    Level: cell.level,
    Where: toWhere(cell),
    Source: cell.source,
    Expected: cell.expected,
    Found: cell.actual,
    Reason: cell.reason,
    Notes: cell.notes.join("; "),
    // What is kept for years has no times.
    Time: cell.ms === 0 ? "" : `${cell.ms} ms`,
  };
  const list = element("dl", {});
  for (const [name, value] of Object.entries(pairs))
    if (value) list.append(element("dt", {}, name), element("dd", {}, ...toText(value)));
  const name = cell.sdk === undefined ? cell.id : `${cell.id}@${cell.sdk}`;
  const lines = repros[cell.subject][name];
  dialog.replaceChildren(
    element("button", { onclick: () => dialog.close(), class: "close" }, "Close"),
    element(
      "h2",
      { id: "case" },
      cell.id,
      " ",
      element("a", { class: "anchor", href: `#${anchor}`, "aria-label": `Link to ${cell.id}` }, "#"),
    ),
    element("p", {}, ...toText(cell.requirement)),
    list,
    ...(lines === undefined ? [] : [element("h3", {}, "To see it again"), ...toRepro(lines)]),
    element("h3", {}, "On the wire"),
    ...(cell.exchanges.length === 0
      ? [element("p", { class: "quiet" }, "Nothing was sent.")]
      : cell.exchanges.map(toExchange)),
  );
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  history.replaceState(null, "", `#${anchor}`);
}

/** The address names a result, or a finding, whose place the browser cannot know before the page is drawn. */
function follow() {
  const anchor = decodeURIComponent(location.hash.slice(1));
  const cell = known.get(anchor);
  if (cell !== undefined) return open(cell);
  if (anchor !== "") document.getElementById(anchor)?.scrollIntoView();
}

const sorted = [...rows.values()].toSorted(
  (a, b) => a.group.localeCompare(b.group) || a.id.localeCompare(b.id, undefined, { numeric: true }),
);
const state = { text: "", group: "", only: "" };
const body = element("tbody", {});

function toLabel(column) {
  const parts = [reports.length > 1 ? column.name : "", column.sdk === undefined ? "" : `openai ${column.sdk}`];
  return parts.filter(Boolean).join(" ") || "verdict";
}

function toRow(row) {
  const cells = columns.flatMap((column, index) => {
    const whole = row.cells.find((one) => one.subject === column.subject && one.sdk === undefined);
    // One result that holds for every SDK is one cell.
    if (whole !== undefined && columns[index - 1]?.subject === column.subject) return [];
    const cell = whole ?? row.cells.find((one) => one.subject === column.subject && one.sdk === column.sdk);
    const span = whole === undefined ? 1 : columns.filter((one) => one.subject === column.subject).length;
    return element(
      "td",
      { class: "cell", colspan: span, "data-label": toLabel(column) },
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
const urgent = fixes.filter((fix) => fix.verdict !== "warn" && !fix.after);
const later = fixes.filter((fix) => !urgent.includes(fix));

function toFixes(title, list) {
  if (list.length === 0) return [];
  return [element("h2", {}, title), element("ul", { class: "fixes" }, ...list.map(toFix))];
}

page.replaceChildren(
  element("h1", {}, reports.length === 1 ? `Conformance of ${reports[0].subject.name}` : "Conformance"),
  element("p", { class: "quiet" }, `${rows.size} cases against OpenAI's chat completions`),
  element("div", { class: "subjects" }, ...reports.map(toSubject)),
  ...(fixes.length === 0 ? [element("h2", {}, "Nothing to fix")] : []),
  ...toFixes(`To fix: ${urgent.length}`, urgent),
  ...toFixes(`Worth fixing: ${later.length}`, later),
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
          ...columns.map((column) => element("th", {}, toLabel(column))),
        ),
      ),
      body,
    ),
  ),
  dialog,
);
draw();
window.addEventListener("hashchange", follow);
follow();
