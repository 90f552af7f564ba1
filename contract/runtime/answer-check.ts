import type { Check } from "./check.ts";
import type { AnyRow } from "./row.ts";

/** Holds what leaves a server against the contract. */
export interface AnswerCheck {
  /** Status, media type, headers and body of an answer; `body` is undefined for a stream. */
  answer(row: AnyRow, answer: CheckedAnswer): void;
  /** A function for the events of one stream. */
  events(row: AnyRow): (event: unknown) => void;
}

export interface CheckedAnswer {
  readonly status: number;
  readonly type: string;
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** `report` is told each violation in words. It may throw, which then ends the answer. */
export function createAnswerCheck(report: (row: AnyRow, what: string) => void): AnswerCheck {
  const checkValue = (row: AnyRow, check: Check<unknown>, value: unknown, whole: string): void => {
    const violation = check(value, whole);
    if (violation !== undefined) report(row, violation.message);
  };
  return {
    answer(row, { status, type, headers, body }) {
      const response = row.responses[status];
      if (response === undefined) return report(row, `status ${status} is not in the contract`);
      const check = response.content[type];
      if (check === undefined) return report(row, `status ${status} has no media type ${type}`);
      for (const name in response.headers) {
        if (response.headers[name]?.required === true && headers[name] === undefined)
          report(row, `status ${status} lacks the header ${name}`);
      }
      if (body !== undefined) checkValue(row, check, body, "the answer");
    },
    events(row) {
      const check = row.responses[200]?.content["text/event-stream"];
      if (check === undefined) return () => report(row, "the contract has no stream here");
      return (event) => checkValue(row, check, event, "the event");
    },
  };
}

/** For servers that trust their handlers' types. */
export const noAnswerCheck: AnswerCheck = { answer: () => undefined, events: () => () => undefined };
