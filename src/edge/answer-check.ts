import { type AnswerCheck, createAnswerCheck, noAnswerCheck } from "@clawgate/contract";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";

export interface AnswerReportParts {
  readonly mode: "throw" | "count" | "off";
  readonly log: Log;
  readonly metrics: Metrics;
}

/** `count`: a violation is logged and counted, and the answer goes out all the same. `throw`: it becomes a 500. */
export function checkAnswers({ mode, log, metrics }: AnswerReportParts): AnswerCheck {
  if (mode === "off") return noAnswerCheck;
  return createAnswerCheck(({ id }, what) => {
    metrics.violation(id);
    log.error({ operation: id, violation: what }, "an answer breaks the contract");
    if (mode === "throw") throw new Error(`${id}: an answer breaks the contract: ${what}`);
  });
}
