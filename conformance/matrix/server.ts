import { toClaim } from "../expectation/manifest.ts";
import { type Finding, listFindings } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";
import { type Entry, isUnmet, type Outcome, type Requirement, toOutcome, toScore } from "./entry.ts";
import { html, type Markup, toProse } from "./markup.ts";
import { toFoundList, toMark, toShare } from "./outcome.ts";
import { heads, toVersion } from "./overview.ts";
import { type Page, toTable } from "./page.ts";

/** One server: what there is to mend, what it can do, and how it has done before. */
export function toServerPage(entry: Entry, known: ReadonlyMap<string, Requirement>): Page {
  const { latest, name, slug } = entry;
  const findings = listFindings(latest);
  const { subject } = latest;
  const body = html`<p class="lead">${latest.summary}</p>
    <p class="quiet">
      version ${toVersion(latest)} · model ${subject.model} · profile ${subject.profile} · set ${latest.set} · suite
      ${latest.suite} · openai ${latest.sdks.map(({ version }) => version).join(", ")} · ${latest.requests} requests in
      ${latest.seconds} s on ${latest.started.slice(0, 10)}
    </p>
    ${latest.died === undefined ? "" : html`<p class="card fail">It died: ${latest.died.message}.</p>`}
    <h2>To mend: ${findings.length}</h2>
    ${findings.map((finding) => toFinding(finding, entry, known))}
    <h2>What it can do</h2>
    ${toTable("capabilities", "Capabilities", heads(["Capability", "There", "Manifest", "Seen"]), Object.entries(latest.capabilities).map(toCapability))}
    <h2>History</h2>
    ${toTable("history", "History", heads(["Run", "Version", "Set", "Suite", "MUST", "All", "Since the one below"]), toHistory(entry.reports))}`;
  return { path: `servers/${slug}.html`, title: name, body };
}

function toFinding(finding: Finding, entry: Entry, known: ReadonlyMap<string, Requirement>): Markup {
  const names = new Set(finding.cases);
  const byId = Map.groupBy(
    entry.latest.results.filter(
      ({ id, verdict }) => names.has(id) && !["pass", "skip", "not-claimed"].includes(verdict),
    ),
    ({ id }) => id,
  );
  const outcomes = finding.cases.flatMap((id) => {
    const results = byId.get(id);
    return results === undefined ? [] : [{ id, outcome: toOutcome(entry, results) }];
  });
  const [first] = outcomes;
  const many = outcomes.length > 1;
  return html`<section class="card" id="${finding.id}">
    <h3>
      ${toMark(finding.verdict)} ${finding.level} ${toProse(finding.title)}
      <a href="#${finding.id}" aria-label="Link to ${finding.id}">#</a>
    </h3>
    <p class="names">
      ${outcomes.map(({ id }) => html`${toCaseLink(id, known)} `)}${finding.after === true ? " after the set" : ""}
    </p>
    ${
      many
        ? html`<details>
            <summary>What each case found</summary>
            ${outcomes.map(toCase)}
          </details>`
        : first === undefined
          ? ""
          : toFoundList(first.outcome)
    }
  </section> `;
}

function toCase({ id, outcome }: { id: string; outcome: Outcome }): Markup {
  return html`<h4>${id} ${toMark(outcome.verdict)}</h4>
    ${toFoundList(outcome)}`;
}

/** What the suite itself finds, as a promise that was lost, is no requirement of a page of its own. */
function toCaseLink(id: string, known: ReadonlyMap<string, Requirement>): Markup {
  return known.has(id) ? html`<a href="../requirements/${id}.html">${id}</a>` : html`${id}`;
}

function toCapability([name, { present, why, claimed }]: readonly [string, Report["capabilities"][string]]): Markup {
  return html`<tr>
    <th scope="row">${name}</th>
    <td>${present ? "yes" : "no"}</td>
    <td>${toClaim(claimed)}</td>
    <td class="prose">${why}</td>
  </tr> `;
}

function toHistory(reports: readonly Report[]): Markup[] {
  return reports.map((report, index) => {
    const must = toScore(report.results.filter(({ level }) => level === "MUST"));
    return html`<tr>
      <th scope="row">${report.started.slice(0, 10)}</th>
      <td>${toVersion(report)}</td>
      <td>${report.set}</td>
      <td>${report.suite}</td>
      <td>${toShare(must)}</td>
      <td>${toShare(toScore(report.results))}</td>
      <td class="prose">${toChange(report, reports[index + 1])}</td>
    </tr> `;
  });
}

/** Only what both runs have decided: a case that came later has not got better. */
function toChange(report: Report, before: Report | undefined): string {
  if (before === undefined) return "the first";
  const [now, then] = [toMet(report), toMet(before)];
  const better = [...now].filter(([id, met]) => met && then.get(id) === false).map(([id]) => id);
  const worse = [...now].filter(([id, met]) => !met && then.get(id) === true).map(([id]) => id);
  const parts = [
    better.length === 0 ? "" : `better: ${better.join(", ")}`,
    worse.length === 0 ? "" : `worse: ${worse.join(", ")}`,
  ].filter((part) => part !== "");
  return parts.length === 0 ? "nothing changed" : parts.join("; ");
}

function toMet({ results }: Report): Map<string, boolean> {
  const decided = results.filter(({ verdict }) => ["pass", "xpass"].includes(verdict) || isUnmet(verdict));
  return new Map(
    [...Map.groupBy(decided, ({ id }) => id)].map(([id, ofCase]) => [
      id,
      !ofCase.some(({ verdict }) => isUnmet(verdict)),
    ]),
  );
}
