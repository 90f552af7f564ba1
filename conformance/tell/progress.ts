import type { Mask } from "./mask.ts";
import { isLate } from "../judge/slow.ts";
import type { Terminal } from "../terminal.ts";
import type { Shade } from "./paint.ts";
import type { Result, Verdict } from "../verdict.ts";
import { createStatusLine } from "./status-line.ts";
import { wrapFor } from "./wrap.ts";

export interface Progress {
  readonly show: (result: Result) => void;
  readonly end: () => void;
}

/** When a server is too slow for the run, a hundred lines say no more than these. */
const lateShownMax = 3;

/** What needs no line of its own while the run goes on. */
const quiet: ReadonlySet<Verdict> = new Set<Verdict>(["pass", "skip", "not-claimed", "xfail", "not-run"]);

/** On one line and without control characters: a subject's words must not move a cursor or command a CI runner. */
export function toLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what is to be found
  return text.replaceAll(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, " ");
}

/** How grave a verdict looks. */
const shades: Partial<Record<Verdict, Shade>> = { fail: "bad", error: "bad", xpass: "bad", warn: "odd" };

/** Behind a verdict. */
const indent = 6;

/** Findings as they come, and on a terminal one line that counts. */
export function createProgress(terminal: Terminal, mask: Mask): Progress {
  let [count, late] = [0, 0];
  const status = createStatusLine(terminal);
  return {
    show(result) {
      count++;
      const { id, sdk, verdict, expected, actual, reason } = result;
      const isOneMore = !quiet.has(verdict) && isLate(result) && ++late > lateShownMax;
      if (!quiet.has(verdict) && !isOneMore) {
        const name = sdk === undefined ? id : `${id} (openai ${sdk})`;
        const finding = expected === undefined ? (reason ?? "") : `expected ${expected}, got ${actual}`;
        const word = terminal.paint.print(shades[verdict] ?? "faint", verdict.padEnd(5));
        status.print(`${word} ${wrapFor(terminal, `${name}: ${toLine(mask(finding))}`, indent)}`);
      }
      if (isOneMore && late === lateShownMax + 1)
        status.print("late  more findings are that nothing came in time; from here on they are only counted");
      status.show(`${count} done, ${id}`);
    },
    end: status.end,
  };
}
