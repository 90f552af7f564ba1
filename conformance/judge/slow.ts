import type { Pace } from "./pace.ts";
import { toSeconds } from "./pace.ts";
import type { Capabilities } from "../reach/subject.ts";
import type { Result } from "../verdict.ts";

/** In the suite's own words and the SDK's: nothing came in time. */
const lateWords =
  /no answer (?:came )?within [\d.]+ ms|not decided within \d+ ms: until then it waited|nothing within [\d.]+ ms|Request timed out/;
/** One or two may be what a case is about. */
const lateMin = 3;

export function isLate({ actual = "", reason = "" }: Pick<Result, "actual" | "reason">): boolean {
  return lateWords.test(`${actual} ${reason}`);
}

/** A server that is merely slow fails many cases in many words; this is the line that helps. Undefined if it does not fit. */
export function toSlowness(results: readonly Result[], capabilities: Capabilities, { ms }: Pace): string | undefined {
  // A probe that comes too late makes cases skip.
  const probes = [...capabilities.values()].map(({ why }) => ({ reason: why }));
  const late = [...results, ...probes].filter(isLate).length;
  if (late < lateMin) return undefined;
  return (
    `${late} findings are that nothing came in time: the server is slower than the suite waits, which is ${toSeconds(ms)} for a ` +
    `call. --timeout ${Math.ceil((ms / 1000) * 4)}s gives it more.`
  );
}
