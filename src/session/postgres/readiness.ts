import { hash } from "node:crypto";
import type { DatabaseClock } from "./database-clock.ts";
import type { KeyColumns } from "./key-columns.ts";
import type { LeasedSessions } from "./leased-sessions.ts";
import { type Pool, toStorageError } from "./pool.ts";
import { assertServes, toLastStep } from "./schema-steps.ts";
import { now } from "./sql.ts";

export interface ReadinessParts {
  readonly pool: Pool;
  readonly leased: LeasedSessions;
  readonly schema: string;
  readonly clock: DatabaseClock;
  readonly holder: string;
}

/** Anybody may ask, and it writes: the answer holds for so long. */
const answerMs = 1_000;
const probeMs = 1_000;

/** Resolves if a lease can be taken, renewed and given back, and the database is still one that this program serves. */
export function createReadiness({ pool, leased, schema, clock, holder }: ReadinessParts): () => Promise<void> {
  // No session has it: a quotation mark is escaped in a column. And no other store asks by it.
  const column = `"${holder}`;
  const probe: KeyColumns = { column, hash: hash("sha256", column, "buffer") };
  let asked = -answerMs;
  let answer: Promise<void> = Promise.resolve();

  async function ask(): Promise<void> {
    const before = Date.now();
    const [row] = await pool.run<{ version: number; known_min: number; now: number }>(
      { name: "last step", text: `SELECT version, known_min, ${now} AS now FROM ${toLastStep(schema)}` },
      () => [],
    );
    if (row === undefined) throw toStorageError(new Error("The schema of the sessions is gone."));
    clock.learn(row.now, before, Date.now());
    assertServes(row);
    const held = await leased.take(probe, probeMs, undefined);
    // One of before, whose end was not heard of, runs out.
    if (held === undefined) return;
    await leased.renew(held.fence, probeMs);
    await leased.release(held.fence, undefined);
  }

  return () => {
    if (performance.now() - asked >= answerMs) {
      asked = performance.now();
      answer = ask();
      // Whoever asks hears of it; nobody may.
      answer.catch(() => undefined);
    }
    return answer;
  };
}
