import { type Case, levels, toGroup } from "../case.ts";
import { compareIds } from "../folder.ts";
import { type Host, standalone } from "../host.ts";

/** What the cases of each group are about. */
const titles: Readonly<Record<string, string>> = {
  ABRT: "Aborts and timeouts",
  AUTH: "Authentication",
  CONC: "Concurrency",
  CORS: "CORS",
  ERR: "Errors",
  HDR: "Headers",
  LIM: "Limits",
  MOD: "Models",
  NS: "Answers that are not streamed",
  REAS: "Reasoning",
  REQ: "Requests",
  ROB: "Robustness",
  ROUTE: "Paths, methods, media types",
  SDK: "SDK helpers",
  SE: "Server-sent events on the wire",
  SESS: "Sessions",
  SO: "Structured output",
  SS: "Streams",
  TOOL: "Tool calls",
  USE: "Usage",
  WS: "OpenClaw's gateway protocol over WebSocket",
};

const introduction = `The levels are the suite's own, not those of any standard. MUST: a client breaks without it, which
\`npx @clawgate/conformance prove <id>\` shows. SHOULD: some clients do, or operators suffer. DOC: it deviates from OpenAI's
document, and breaks no client that we can name. EXT: what only the profile \`gateway\` has. The group WS is for the profiles \`gateway\` and
\`websocket\`. Why each is required:
\`npx @clawgate/conformance explain <id>\`. _Needs_ are capabilities without which a case is skipped; they are described in
[README.md](README.md).`;

/** All cases in Markdown, group by group. */
export function toCatalogue(cases: readonly Case[], host: Host = standalone): string {
  const groups = Object.entries(Object.groupBy(cases, toGroup)).toSorted(([a], [b]) => compareIds(a, b));
  return [
    "# Catalogue",
    "Written by `npx @clawgate/conformance list --markdown`.",
    `${cases.length} cases: ${levels.map((level) => `${count(cases, level)} ${level}`).join(", ")}.`,
    introduction,
    ...groups.flatMap(([group, members = []]) => [`## ${group}: ${toTitle(group, host)}`, toTable(members)]),
  ]
    .join("\n\n")
    .concat("\n");
}

function count(cases: readonly Case[], wanted: string): number {
  return cases.filter(({ level }) => level === wanted).length;
}

function toTitle(group: string, host: Host): string {
  const title = titles[group] ?? host.titles?.[group];
  if (title === undefined) throw new Error(`catalogue.ts has no title for the group ${group}`);
  return title;
}

function toTable(cases: readonly Case[]): string {
  const rows = cases.map(({ id, level, requirement, needs = [] }) =>
    [id, level, requirement, needs.join(", ")].map((cell) => cell.replaceAll("|", "\\|")),
  );
  return [["case", "level", "requirement", "needs"], ["---", "---", "---", "---"], ...rows]
    .map((cells) => `| ${cells.join(" | ")} |`)
    .join("\n");
}
