import { spawnSync } from "node:child_process";
import { toShellLine } from "../../conformance/report/repro.ts";
import type { Report } from "../../conformance/shapes.ts";
import { toDecidingCall } from "../../conformance/tell/cause.ts";

type Result = Report["results"][number];

/** A limit for what is answered with silence, or with a stream that has no end. */
const limitMs = 30_000;
const shownMax = 16_000;

/**
 * The call of every MUST and EXT that fails, sent once more from a shell, in Markdown for whoever looks at each by eye: what is
 * required, what the suite has found, and what comes now. `names` are the headers that each request to the server has.
 */
export function sendAgain(report: Report, key: string, names: readonly string[]): string {
  const failed = report.results.filter(({ verdict }) => verdict === "fail");
  const once = [...Map.groupBy(failed, ({ id }) => id).values()].map(([first]) => first!);
  const parts = once.map((result) => sendOne(result, key, names));
  return [`# ${report.subject.name} ${report.subject.version}: ${once.length} fail`, ...parts]
    .join("\n\n")
    .concat("\n");
}

function sendOne(result: Result, key: string, names: readonly string[]): string {
  const { id, level, requirement, expected, actual } = result;
  const head = `## ${id} (${level}): ${requirement}\n\nExpected ${expected}, got ${actual}`;
  const call = toDecidingCall(result);
  if (call === undefined) return `${head}\n\nNothing was sent.`;
  const line = toShellLine(call, names);
  const environment = { ...process.env, OPENAI_API_KEY: key };
  const { stdout, stderr } = spawnSync("bash", ["-c", line], { env: environment, encoding: "utf8", timeout: limitMs });
  const then = call.reads.map(({ text }) => text).join("");
  return [head, toCode(line), `Then ${call.status}, ${call.end}:`, toCode(then), "Now:", toCode(stdout + stderr)].join(
    "\n\n",
  );
}

function toCode(text: string): string {
  return text
    .slice(0, shownMax)
    .split("\n")
    .map((line) => `    ${line}`)
    .join("\n");
}
