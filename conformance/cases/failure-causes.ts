import { isObject } from "../expect.ts";
import { defineCauses, type Evidence, toExcerpt } from "../tell/cause.ts";
import { runEndsWell } from "./websocket-talk.ts";

/** These look at what stands around an answer, whatever it is, or at errors that they have provoked themselves. */
const around: readonly string[] = ["HDR", "CORS", "ERR"];

/** One failure that many cases meet, each on its own way: whatever was asked, the same error comes back. */
export const failureCauses = defineCauses([
  {
    id: "failing",
    shows: (evidence) =>
      evidence.call.status >= 500 && (isMinded(evidence) || !around.includes(evidence.group))
        ? `Calls fail with ${toError(evidence)}`
        : undefined,
  },
  {
    id: "refusing",
    shows: (evidence) =>
      evidence.call.status >= 400 && evidence.call.status < 500 && isMinded(evidence) && isHopeful(evidence)
        ? `Calls that are right are refused with ${toError(evidence)}`
        : undefined,
  },
  {
    id: "failing-runs",
    cases: ["WS-*"],
    shows: ({ expected, found }) => {
      const [, message = ""] = /"(?:errorMessage|message)":"([^"]*)"/.exec(found) ?? [];
      return expected === runEndsWell ? `Runs end with an error: ${toExcerpt(message)}` : undefined;
    },
  },
]);

/** The finding is about the status, and not about something else in an answer that happens to have it. */
function isMinded({ found, call }: Evidence): boolean {
  return new RegExp(`\\b${call.status}\\b`).test(found);
}

/** An answer was expected, and no error. */
function isHopeful({ expected }: Evidence): boolean {
  return !/\b[45]\d\d\b|error|refus/i.test(expected);
}

/** The status, the code and the words: what is the same of it is the same failure. */
function toError({ call, answer, text }: Evidence): string {
  const error = answer?.["error"];
  const { message, code } = isObject(error) ? error : { message: answer?.["message"] ?? error, code: undefined };
  const words = typeof message === "string" && message !== "" ? message : text || "an empty body";
  const name = typeof code === "string" && code !== "" ? ` (${code})` : "";
  return `${call.status}: ${toExcerpt(words)}${name}`;
}
