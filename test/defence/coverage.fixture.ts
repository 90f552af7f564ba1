import { Session } from "node:inspector/promises";
import { onEnd } from "../end.fixture.ts";

/**
 * Tells what an input has reached in the gateway's code that no input before it has: V8 counts every block of this process.
 * Counts are compared by their order of magnitude, so that a loop which runs often is another thing than one that runs once.
 */
export async function startCoverage(): Promise<() => Promise<number>> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.startPreciseCoverage", { callCount: true, detailed: true });
  onEnd(async () => {
    await session.post("Profiler.stopPreciseCoverage");
    session.disconnect();
  });
  const seen = new Set<string>();
  return async () => {
    const { result } = await session.post("Profiler.takePreciseCoverage");
    const before = seen.size;
    for (const { scriptId, url, functions } of result) {
      if (!/\/(?:src|contract|generated)\/(?!.*\.(?:test|fixture)\.)/.test(url)) continue;
      for (const { startOffset, endOffset, count } of functions.flatMap(({ ranges }) => ranges)) {
        if (count > 0) seen.add(`${scriptId}:${startOffset}:${endOffset}:${Math.floor(Math.log2(count) / 2)}`);
      }
    }
    return seen.size - before;
  };
}
