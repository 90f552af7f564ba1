import { listFindings } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";
import { type Entry, toScore } from "./entry.ts";
import { html, type Markup, toName } from "./markup.ts";
import { toShare } from "./outcome.ts";
import { type Page, toSearch, toTable } from "./page.ts";

const levels = ["MUST", "SHOULD", "DOC", "EXT"] as const;

/** The first page: each server by version and set, and below how the servers do in each group. */
export function toOverview(entries: readonly Entry[], guide: string | undefined): Page {
  const cases = new Set(entries.flatMap(({ latest }) => latest.results.map(({ id }) => id)));
  const body = html`<p>
      What ${entries.length} servers make of ${cases.size} requirements of OpenAI's chat completions. MUST: a client
      breaks without it. SHOULD: some clients do, or operators suffer. DOC: it deviates from OpenAI's document, and
      breaks no client that we can name. EXT: an extension of gateways. Each number is how many are met, of those that
      could be decided.
    </p>
    ${guide === undefined ? "" : html`<p><a href="${guide}">How to add a server</a></p>`}
    ${toSearch("servers", "Search servers")}
    ${toTable("servers", "Servers", heads(["Server", "Version", "Set", "Run", ...levels, "To mend"]), entries.flatMap(toRows))}
    <h2>By group</h2>
    ${toTable("groups", "Servers by group", [...heads(["Group"]), ...toServerHeads(entries)], toGroupRows(entries))}`;
  return { path: "index.html", title: "Servers", body };
}

export function heads(titles: readonly (string | Markup)[]): Markup[] {
  return titles.map((title) => html`<th scope="col">${title}</th>`);
}

/** Turned on their side: there are many, and what stands under them is short. */
export function toServerHeads(entries: readonly Entry[]): Markup[] {
  return entries.map(
    ({ name, slug }) => html`<th scope="col" class="turned"><a href="servers/${slug}.html">${toName(name)}</a></th>`,
  );
}

/** The newest report of each version and set; older runs of the same are on the server's page. */
function toRows({ slug, name, reports }: Entry): Markup[] {
  const editions = [...Map.groupBy(reports, (report) => `${toVersion(report)} ${report.set}`).values()];
  return editions.map(([report]) => toRow(slug, name, report!));
}

function toRow(slug: string, name: string, report: Report): Markup {
  const scores = levels.map((level) => toShare(toScore(report.results.filter((one) => one.level === level))));
  const mend = listFindings(report).filter(({ after, verdict }) => after !== true && verdict !== "error").length;
  return html`<tr>
    <th scope="row"><a href="servers/${slug}.html">${toName(name)}</a></th>
    <td>${toVersion(report)}</td>
    <td>${report.set}</td>
    <td>${report.started.slice(0, 10)}</td>
    ${scores.map((share) => html`<td>${share}</td>`)}
    <td>${mend}</td>
  </tr> `;
}

export function toVersion({ subject }: Report): string {
  return subject.version ?? "–";
}

function toGroupRows(entries: readonly Entry[]): Markup[] {
  const groups = [...new Set(entries.flatMap(({ latest }) => latest.results.map(({ group }) => group)))].toSorted();
  return groups.map((group) => {
    const cells = entries.map(({ latest }) => toScore(latest.results.filter((one) => one.group === group)));
    return html`<tr>
      <th scope="row"><a href="requirements.html#${group}">${group}</a></th>
      ${cells.map((score) => html`<td>${toShare(score)}</td>`)}
    </tr> `;
  });
}
