import type { Report } from "../shapes.ts";
import type { Verdict } from "../verdict.ts";

export type ClientVerdict = NonNullable<Report["clients"]>[number];

/** What a client does, and the cases that show whether a server bears it. */
const uses = {
  "a question": "AUTH-01 ROUTE-01 NS-01 NS-08 NS-09 NS-12 NS-16 NS-17",
  "a stream": "AUTH-01 ROUTE-01 ROUTE-07 SS-01 SS-02 SS-07 SS-09 SS-13 SS-17 SS-20 SS-21 SE-01 SE-04",
  tools: "REQ-12 REQ-38 TOOL-02 TOOL-03 TOOL-05 TOOL-16",
  "streamed tools": "REQ-12 REQ-38 TOOL-02 TOOL-03 TOOL-05 TOOL-08 TOOL-09 TOOL-17",
  parts: "NS-14 REQ-11",
  "usage of streams": "USE-04",
  schemas: "SO-01 SO-02",
  functions: "REQ-42",
  models: "MOD-01",
  "keys as errors": "AUTH-03 ERR-02",
} as const;
type Use = keyof typeof uses;

interface Client {
  readonly name: string;
  /** The name of its recording, in test/client/command-lines/recorded, with which a test compares what stands here. */
  readonly recorded?: string;
  /** The major of OpenAI's SDK that it is made with; one that has none reads the wire as the newest does. */
  readonly sdk?: number;
  readonly does: readonly Use[];
  /** What it speaks instead of Chat Completions, or unless it is told otherwise. */
  readonly speaks?: string;
}

const agent: readonly Use[] = ["a stream", "streamed tools"];

/** Command lines as their requests were recorded, libraries as they are used. */
export const clients: readonly Client[] = [
  { name: "opencode", recorded: "opencode", does: [...agent, "usage of streams"] },
  { name: "Kilo Code", recorded: "kilo", does: [...agent, "parts", "usage of streams"] },
  { name: "qwen-code", recorded: "qwen", sdk: 5, does: [...agent, "parts", "usage of streams"] },
  { name: "pi", recorded: "pi", sdk: 6, does: [...agent, "parts", "usage of streams"] },
  { name: "Continue", recorded: "continue", sdk: 5, does: [...agent, "usage of streams"] },
  { name: "Copilot CLI", recorded: "copilot", sdk: 5, does: [...agent, "usage of streams"] },
  { name: "Cline", recorded: "cline", does: [...agent, "usage of streams"] },
  { name: "nanocoder", recorded: "nanocoder", does: agent },
  { name: "grok-cli", recorded: "grok", sdk: 5, does: ["a question", "tools"] },
  { name: "OpenClaw", recorded: "openclaw", sdk: 7, does: [...agent, "parts", "usage of streams"] },
  { name: "Open WebUI", does: ["models", "a stream"] },
  {
    name: "LangChain",
    sdk: 7,
    does: ["a question", "a stream", "tools", "streamed tools", "schemas", "keys as errors"],
  },
  { name: "AI SDK", does: ["a question", "a stream", "tools", "streamed tools", "schemas"] },
  { name: "OpenAI Agents SDK with chat_completions", sdk: 7, does: ["a question", ...agent, "tools"] },
  { name: "LlamaIndex", sdk: 5, does: ["a question", "a stream", "tools"] },
  { name: "instructor", does: ["a question", "tools", "functions"] },
  { name: "Codex", does: [], speaks: "Responses" },
];

type Judged = Pick<Report["results"][number], "id" | "sdk" | "verdict">;

/** Skipped and the like is not decided; a failure that a baseline expects hurts a client all the same. */
const bad: ReadonlySet<Verdict> = new Set<Verdict>(["fail", "warn", "xfail"]);
const good: ReadonlySet<Verdict> = new Set<Verdict>(["pass", "xpass"]);

/**
 * For each client whether it can be used with the server, from the cases that it needs: `ready` where all of them were met,
 * `breaks` where one was not, `untried` where one was not decided, and `needs` for what speaks another protocol.
 */
export function toClientVerdicts(results: readonly Judged[]): ClientVerdict[] {
  const byId = Map.groupBy(results, ({ id }) => id);
  return clients.map(({ name, sdk, does, speaks }) => {
    if (speaks !== undefined) return { name, verdict: "needs", says: `needs ${speaks}`, cases: [] };
    const needed = [...new Set(does.flatMap((use) => uses[use].split(" ")))];
    const ends = new Map(needed.map((id) => [id, judge(byId.get(id) ?? [], sdk)]));
    const broken = needed.filter((id) => ends.get(id) === "breaks");
    const open = needed.filter((id) => ends.get(id) === "untried");
    if (broken.length > 0) return { name, verdict: "breaks", says: `breaks on ${broken.join(", ")}`, cases: broken };
    const isUnclaimed = open.every((id) => byId.get(id)?.every(({ verdict }) => verdict === "not-claimed"));
    const why = isUnclaimed ? "not claimed" : "untried";
    if (open.length > 0) return { name, verdict: "untried", says: `${why}: ${open.join(", ")}`, cases: open };
    return { name, verdict: "ready", says: "ready", cases: [] };
  });
}

/** What a case has shown with the client's SDK, or else with the newest that it was run with. */
function judge(ofCase: readonly Judged[], sdk: number | undefined): "ready" | "breaks" | "untried" {
  const newest = Math.max(...ofCase.map((result) => result.sdk ?? 0));
  const major = ofCase.some((result) => result.sdk === sdk) ? sdk : newest;
  const seen = ofCase.filter((result) => result.sdk === undefined || result.sdk === major);
  if (seen.some(({ verdict }) => bad.has(verdict))) return "breaks";
  return seen.length > 0 && seen.every(({ verdict }) => good.has(verdict)) ? "ready" : "untried";
}

/** In one line; undefined where so little was run that nothing can be said of any. */
export function toClientsLine(verdicts: readonly ClientVerdict[] = []): string | undefined {
  const ready = verdicts.filter(({ verdict }) => verdict === "ready").map(({ name }) => name);
  const told = verdicts.filter(({ verdict }) => verdict === "breaks" || verdict === "needs");
  const untried = verdicts.filter(({ verdict }) => verdict === "untried").length;
  if (ready.length === 0 && !told.some(({ verdict }) => verdict === "breaks")) return undefined;
  return [
    ...(ready.length === 0 ? [] : [`ready: ${ready.join(", ")}`]),
    ...told.map(({ name, says }) => `${name} ${says}`),
    ...(untried === 0 ? [] : [`${untried} untried`]),
  ].join("; ");
}
