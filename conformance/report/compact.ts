import { toDecidingCall } from "../tell/cause.ts";
import { isFound } from "../tell/findings.ts";
import type { Report } from "../shapes.ts";

type Result = Report["results"][number];
type Exchange = Result["exchanges"][number];

/** Of a body that is longer its beginning is kept; what decides stands there, hardly ever behind. */
const bodyMax = 1000;
const factMax = 300;

/** The report to be kept for years and by the dozen: of each finding the call that decided, of what passed no wire log. */
export function toCompact(report: Report): Report {
  return {
    ...report,
    capabilities: Object.fromEntries(
      Object.entries(report.capabilities).map(([name, one]) => [name, { ...one, why: toShort(one.why, factMax) }]),
    ),
    results: report.results.map(toCompactResult),
  };
}

/** One line for each result, so that a difference between two files can be read. */
export function toCompactFile(report: Report): string {
  const { results, ...head } = toCompact(report);
  const lines = results.map((result) => JSON.stringify(result)).join(",\n");
  return `${JSON.stringify(head, null, 2).slice(0, -2)},\n  "results": [\n${lines}\n  ]\n}\n`;
}

function toCompactResult(result: Result): Result {
  const call = isFound(result.verdict) || result.verdict === "xfail" ? toDecidingCall(result) : undefined;
  const { actual, reason } = result;
  return {
    ...result,
    ...(actual === undefined ? {} : { actual: toShort(actual, factMax) }),
    ...(reason === undefined ? {} : { reason: toShort(reason, factMax) }),
    notes: [],
    ms: 0,
    exchanges: call === undefined ? [] : [toCompactExchange(call)],
  };
}

function toCompactExchange(exchange: Exchange): Exchange {
  const { requestBody, reads } = exchange;
  const text = reads.map((read) => read.text).join("");
  const [first] = reads;
  return {
    ...exchange,
    requestBody: toShort(requestBody, bodyMax),
    reads: first === undefined ? [] : [{ atMs: first.atMs, text: toShort(text, bodyMax) }],
  };
}

/** What was cut once stays as it is. */
function toShort(text: string, max: number): string {
  const isCut = text.length <= max + 40 && /… \(\d+ characters\)$/.test(text);
  return text.length <= max || isCut ? text : `${text.slice(0, max)}… (${text.length} characters)`;
}
