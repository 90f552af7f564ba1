import type { Report } from "../shapes.ts";
import type { Result } from "../verdict.ts";
import { toReport } from "./report.ts";

/** What a subject may say to break out of any of the formats. */
export const nasty =
  '</script><script>alert(1)</script> <!-- ]]> & "quoted" \u2028 \u0000\u001b[2J \ud800 | `x` **b** [a](b)\n::error::x\r\n# h';
export const key = "sk-secret-0123456789";

/** One result of every verdict, each full of what a subject may say, as a report of a subject that echoes its key. */
export function createReport(): Report {
  const base = {
    group: "SS",
    level: "MUST",
    requirement: "A requirement, 100% met: yes.",
    source: "A source.",
    ms: 1234,
    notes: [nasty],
  } as const;
  const another = { requirement: "Another requirement.", exchanges: [] };
  const exchange = {
    method: "POST",
    url: `http://127.0.0.1:1/v1/x?key=${encodeURIComponent(key)}`,
    requestHeaders: { authorization: `Bearer ${key}` },
    requestBody: "{}",
    status: 200,
    headers: { "x-echo": Buffer.from(`:${key}`).toString("base64") },
    reads: [{ atMs: 1, text: `${nasty} ${key}` }],
    endMs: 2,
    end: "complete",
  } as const;
  const results: Result[] = [
    { ...base, id: "SS-01", verdict: "pass", exchanges: [exchange] },
    { ...base, id: "SS-02", verdict: "fail", sdk: 7, expected: "this", actual: nasty, exchanges: [exchange] },
    { ...base, ...another, id: "SS-03", level: "SHOULD", verdict: "warn", expected: "this", actual: nasty },
    { ...base, id: "SS-04", verdict: "skip", reason: nasty, exchanges: [] },
    { ...base, id: "ERR-01", group: "ERR", verdict: "error", reason: nasty, exchanges: [] },
    { ...base, id: "ERR-02", group: "ERR", verdict: "xfail", expected: "a", actual: "b", reason: nasty, exchanges: [] },
    { ...base, id: "ERR-03", group: "ERR", verdict: "xpass", reason: nasty, exchanges: [] },
    { ...base, id: "ERR-04", group: "ERR", verdict: "not-run", reason: nasty, exchanges: [] },
  ];
  return toReport({
    suite: "0.1.0",
    set: "2026-12",
    subject: { baseUrl: "http://127.0.0.1:1/v1", apiKey: key, model: nasty, profile: "chat" },
    name: nasty,
    capabilities: new Map([["tools", { present: false, why: `401 ${nasty} your key ${key}` }]]),
    pace: { ms: 5000, why: "a plain answer took 20 ms, the slowest of the probes 40 ms" },
    sdks: [{ major: 7, version: "7.57.0" }],
    seed: 1,
    started: new Date("2026-01-02T03:04:05.678Z"),
    outcome: { results, requests: 3, seconds: 1.26, died: { message: nasty, cases: ["SS-01"], exchanges: [exchange] } },
  });
}
