import { readFileSync } from "node:fs";
import { causes } from "../tell/causes.ts";
import { listFindings } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";
import { type Entry, toEntries, toRequirements } from "./entry.ts";
import { toOverview } from "./overview.ts";
import { toPageText } from "./page.ts";
import { toRequirementGrid, toRequirementPage } from "./requirements.ts";
import { toServerPage } from "./server.ts";
import { sharedStyle } from "../tell/style.ts";

export interface SiteFile {
  readonly path: string;
  readonly text: string;
}

/** Static pages of many reports. `guide` is the address of a page that says how to add one. */
export function* toSite(reports: readonly Report[], guide?: string): Generator<SiteFile> {
  const entries = toEntries(reports);
  const requirements = toRequirements(entries);
  const known = new Map(requirements.map((one) => [one.id, one]));
  const often = toOften(entries);
  yield { path: "style.css", text: `${sharedStyle}${readPart("style.css")}` };
  yield { path: "script.js", text: readPart("script.js") };
  const write = (page: Parameters<typeof toPageText>[0]): SiteFile => ({ path: page.path, text: toPageText(page) });
  yield write(toOverview(entries, guide));
  yield write(toRequirementGrid(requirements, entries));
  for (const entry of entries) yield write(toServerPage(entry, known));
  for (const one of requirements) yield write(toRequirementPage(one, often.get(one.id)));
}

/** Of each case what it is a part of at more than one server. */
function toOften(entries: readonly Entry[]): Map<string, string> {
  const shared = entries.flatMap(({ latest }) => listFindings(latest).filter(({ cases }) => cases.length > 1));
  const rules = new Set(causes.map(({ id }) => id));
  const told = shared.flatMap(({ id, title, cases }) => (rules.has(id) ? cases.map((name) => ({ name, title })) : []));
  const byCase = Map.groupBy(told, ({ name }) => name);
  return new Map(
    [...byCase].flatMap(([name, titles]) => {
      const [most] = [...Map.groupBy(titles, ({ title }) => title).values()].toSorted((a, b) => b.length - a.length);
      return most !== undefined && most.length > 1 ? [[name, most[0]!.title] as const] : [];
    }),
  );
}

function readPart(name: string): string {
  return readFileSync(new URL(`./page/${name}`, import.meta.url), "utf8");
}
