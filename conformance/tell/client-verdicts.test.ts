import { expect, test } from "vitest";
import { cases } from "../cases.ts";
import { clients, toClientsLine, toClientVerdicts } from "./client-verdicts.ts";
import type { Verdict } from "../verdict.ts";

type Given = Parameters<typeof toClientVerdicts>[0][number];

const all: readonly Given[] = cases.map(({ id }) => ({ id, verdict: "pass" }));
const change = (id: string, verdict: Verdict): Given[] => all.map((one) => (one.id === id ? { id, verdict } : one));
const of = (name: string, results: readonly Given[]) => toClientVerdicts(results).find((one) => one.name === name);

test("a server that meets all is ready for every client that speaks Chat Completions", () => {
  const verdicts = toClientVerdicts(all);
  expect(verdicts.filter(({ verdict }) => verdict !== "ready")).toEqual([
    { name: "Codex", verdict: "needs", says: "needs Responses", cases: [] },
  ]);
  expect(verdicts).toHaveLength(clients.length);
  expect(toClientsLine(verdicts)).toMatch(/^ready: opencode, .*, instructor; Codex needs Responses$/);
});

test.each<[id: string, breaks: readonly string[], bears: readonly string[]]>([
  ["SS-17", ["opencode", "Open WebUI", "LangChain"], ["instructor"]],
  ["TOOL-08", ["Continue", "Cline"], ["Open WebUI", "LlamaIndex"]],
  ["MOD-01", ["Open WebUI"], ["Continue", "AI SDK"]],
  ["REQ-42", ["instructor"], ["LangChain"]],
  ["USE-04", ["qwen-code", "pi"], ["nanocoder", "grok-cli"]],
  ["SO-01", ["AI SDK"], ["Copilot CLI"]],
])("whoever needs %s breaks without it, and nobody else", (id, breaks, bears) => {
  for (const verdict of ["fail", "warn", "xfail"] as const) {
    for (const name of breaks) expect(of(name, change(id, verdict))).toMatchObject({ verdict: "breaks", cases: [id] });
    for (const name of bears) expect(of(name, change(id, verdict))?.verdict).toBe("ready");
  }
  for (const verdict of ["skip", "error", "not-run", "stale"] as const)
    expect(of(breaks[0] ?? "", change(id, verdict))).toMatchObject({ verdict: "untried", cases: [id] });
  const unclaimed = of(breaks[0] ?? "", change(id, "not-claimed"));
  expect(unclaimed).toMatchObject({ verdict: "untried", says: `not claimed: ${id}` });
});

test("a client is judged by the SDK that it is made with, or else by the newest that was run", () => {
  const majors = (ends: Record<number, Verdict>) => [
    ...all.filter(({ id }) => id !== "SS-17"),
    ...Object.entries(ends).map(([sdk, verdict]): Given => ({ id: "SS-17", sdk: Number(sdk), verdict })),
  ];
  expect(of("Continue", majors({ 7: "pass", 5: "fail" }))?.verdict).toBe("breaks");
  expect(of("Continue", majors({ 7: "fail", 5: "pass" }))?.verdict).toBe("ready");
  expect(of("Continue", majors({ 7: "fail", 4: "pass" }))?.verdict).toBe("breaks");
  expect(of("opencode", majors({ 7: "pass", 4: "fail" }))?.verdict).toBe("ready");
});

test("of a run of few cases nothing is said", () => {
  expect(toClientsLine(toClientVerdicts([{ id: "NS-01", verdict: "pass" }]))).toBeUndefined();
  expect(toClientsLine(toClientVerdicts([{ id: "SS-17", verdict: "fail" }]))).toMatch(/^opencode breaks on SS-17; /);
});

test("every case that a client needs is one of the suite, and clients break without it", () => {
  const must = new Set(cases.filter(({ level }) => level === "MUST").map(({ id }) => id));
  const needed = toClientVerdicts([]).flatMap((client) => client.cases);
  expect(needed.filter((id) => !must.has(id))).toEqual([]);
});
