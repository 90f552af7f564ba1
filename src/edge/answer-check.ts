import type { AnyGuard, OperationId, OperationRow } from "../base/contract.ts";
import type { Log } from "../base/log.ts";
import type { Metrics } from "../base/metrics.ts";
import { toViolation } from "../base/violation.ts";

/** Holds what leaves the gateway against the contract. */
export interface AnswerCheck {
  /** Status, media type, headers and body of an answer; `body` is undefined for a stream. */
  answer(id: OperationId, row: OperationRow, answer: CheckedAnswer): void;
  /** A function for the events of one stream. */
  events(id: OperationId, row: OperationRow): (event: unknown) => void;
}

export interface CheckedAnswer {
  readonly status: number;
  readonly type: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

export interface AnswerCheckParts {
  readonly mode: "throw" | "count" | "off";
  readonly log: Log;
  readonly metrics: Metrics;
}

/** `count`: a violation is logged and counted, and the answer goes out all the same. `throw`: it becomes a 500. */
export function createAnswerCheck({ mode, log, metrics }: AnswerCheckParts): AnswerCheck {
  const report = (id: OperationId, what: string): void => {
    metrics.violation(id);
    log.error({ operation: id, violation: what }, "an answer breaks the contract");
    if (mode === "throw") throw new Error(`${id}: an answer breaks the contract: ${what}`);
  };
  const checkValue = (id: OperationId, guard: AnyGuard, value: unknown, whole: string): void => {
    if (!guard(value)) report(id, toViolation(guard.errors, whole).message);
  };
  if (mode === "off") return { answer: () => undefined, events: () => () => undefined };

  return {
    answer(id, row, { status, type, headers, body }) {
      const response = row.responses[status];
      if (response === undefined) return report(id, `status ${status} is not in the contract`);
      const guard = response.content[type];
      if (guard === undefined) return report(id, `status ${status} has no media type ${type}`);
      for (const [name, { required }] of Object.entries(response.headers)) {
        if (required && headers[name] === undefined) report(id, `status ${status} lacks the header ${name}`);
      }
      if (body !== undefined) checkValue(id, guard, body, "the answer");
    },
    events(id, row) {
      const guard = row.responses[200]?.content["text/event-stream"];
      if (guard === undefined) return () => report(id, "the contract has no stream here");
      return (event) => checkValue(id, guard, event, "the event");
    },
  };
}
