import { expect, test } from "vitest";
import { createLog } from "../base/log.ts";
import { createReasonLog, type ReportReason } from "./reason-log.ts";

function start(): { report: ReportReason; lines: { model: string; finishReason: string }[] } {
  const lines: { model: string; finishReason: string }[] = [];
  const log = createLog("info", { write: (line) => void lines.push(JSON.parse(line) as (typeof lines)[number]) });
  return { report: createReasonLog(log, "house"), lines };
}

test("each reason is told once for each model", () => {
  const { report, lines } = start();
  for (const [model, reason] of [
    ["a", "x"],
    ["a", "x"],
    ["b", "x"],
    ["a", "y"],
    ["b", "x"],
  ] as const)
    report(model, reason);
  expect(lines.map(({ model, finishReason }) => [model, finishReason])).toEqual([
    ["house/a", "x"],
    ["house/b", "x"],
    ["house/a", "y"],
  ]);
});

test("a reason is a word of the log, and no text; and there is an end of them", () => {
  const { report, lines } = start();
  report("a", `I said: "${"secret ".repeat(50)}"`);
  expect(lines[0]?.finishReason).toMatch(/^[\w?:.-]{64}$/);
  for (let count = 0; count < 1_000; count += 1) report("a", `reason${count}`);
  expect(lines).toHaveLength(100);
});
