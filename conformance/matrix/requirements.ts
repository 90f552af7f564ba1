import { type Entry, isUnmet, type Outcome, type Requirement } from "./entry.ts";
import { html, type Markup, toName, toProse } from "./markup.ts";
import { toFound, toFoundList, toMark } from "./outcome.ts";
import { heads, toServerHeads } from "./overview.ts";
import { type Page, toSearch, toTable } from "./page.ts";

/** All requirements by all servers. */
export function toRequirementGrid(requirements: readonly Requirement[], entries: readonly Entry[]): Page {
  const seen = new Set<string>();
  const rows = requirements.map((one) => {
    // The first row of a group is where links to the group lead.
    const anchor = seen.has(one.group) ? "" : html` id="${one.group}"`;
    seen.add(one.group);
    const cells = entries.map((entry) => {
      const outcome = one.outcomes.find((each) => each.entry === entry);
      return html`<td>${outcome === undefined ? "" : toMark(outcome.verdict)}</td>`;
    });
    return html`<tr${anchor}><th scope="row"><a href="requirements/${one.id}.html">${one.id}</a></th><td>${one.level}</td><td class="prose">${toProse(one.requirement)}</td>${cells}</tr>
`;
  });
  const body = html`${toSearch("requirements", "Search requirements")}
  ${toTable("requirements", "Requirements by server", [...heads(["Case", "Level", "Requirement"]), ...toServerHeads(entries)], rows)}`;
  return { path: "requirements.html", title: "Requirements", body };
}

/** One requirement: why it is there, and who does not meet it. */
export function toRequirementPage(one: Requirement, cause: string | undefined): Page {
  const unmet = one.outcomes.filter(({ verdict }) => isUnmet(verdict) || verdict === "xpass");
  const met = one.outcomes.filter(({ verdict }) => verdict === "pass");
  const rest = one.outcomes.filter((each) => !unmet.includes(each) && !met.includes(each));
  const body = html`<p class="lead">${toProse(one.requirement)}</p>
    <dl>
      <dt>Level</dt>
      <dd>${one.level}</dd>
      <dt>Why</dt>
      <dd>${toProse(one.source)}</dd>
      ${
        cause === undefined
          ? ""
          : html`<dt>Often</dt>
              <dd>${toProse(cause)}</dd>`
      }
    </dl>
    <h2>Not met by ${unmet.length}</h2>
    ${unmet.map(toUnmet)}
    <h2>Met by ${met.length}</h2>
    ${toNames(met)}
    ${
      rest.length === 0
        ? ""
        : html`<h2>Not decided</h2>
            <ul>
              ${rest.map((each) => html`<li>${toLink(each)} ${toMark(each.verdict)} ${toFound(each.results[0]!)}</li>`)}
            </ul>`
    }`;
  return { path: `requirements/${one.id}.html`, title: one.id, body };
}

function toUnmet(outcome: Outcome): Markup {
  return html`<section class="card">
    <h3>${toLink(outcome)} ${toMark(outcome.verdict)}</h3>
    ${toFoundList(outcome)}
  </section> `;
}

function toNames(outcomes: readonly Outcome[]): Markup {
  if (outcomes.length === 0) return html`<p class="quiet">Nobody.</p>`;
  return html`<ul class="names">
    ${outcomes.map((each) => html`<li>${toLink(each)}</li>`)}
  </ul>`;
}

function toLink({ entry: { slug, name } }: Outcome): Markup {
  return html`<a href="../servers/${slug}.html">${toName(name)}</a>`;
}
