import { crc32 } from "node:zlib";
import { GatewayError } from "../../base/errors.ts";
import { startChain, toChainedRows } from "../chain.ts";
import type { HeldEnd } from "../run-store.ts";
import type { Arrival, Receipt } from "../store.ts";
import type { DatabaseClock } from "./database-clock.ts";
import type { GivenRow, LeaseStatements, TakenRow } from "./lease-statements.ts";
import type { JointCommit } from "./joint-commit.ts";
import {
  type AskedLease,
  createTakes,
  createTurnWrites,
  isLong,
  type Taken,
  type TurnWrite,
  writeTurn,
} from "./joint-writes.ts";
import type { KeyColumns } from "./key-columns.ts";
import type { Line } from "./line.ts";
import type { Pool } from "./pool.ts";
import { toBatchValues, toEndValues, type Values } from "./run-values.ts";
import type { Together } from "./together.ts";
import { runLost, type TranscriptStatements } from "./transcript-statements.ts";

/** A session that this store has leased. It stays as it is until the lease is given back: nobody else writes it. */
interface Held extends TakenRow {
  readonly key: KeyColumns;
}

/** A turn as it is written; the bodies are JSON texts. */
export interface WrittenTurn {
  readonly keep: number;
  readonly bodies: readonly string[];
  readonly receipt: Receipt | undefined;
  readonly run: HeldEnd | undefined;
}

export interface LeasedSessionsParts {
  readonly pool: Pool;
  readonly statements: LeaseStatements & TranscriptStatements & { readonly commitTogether: JointCommit };
  readonly line: Line;
  readonly clock: DatabaseClock;
  /** Written into leases; no other store has it. */
  readonly holder: string;
}

/**
 * The sessions that one store has leased. Every write names the fence and the holder in the statement that writes, so that
 * a lease which was lost writes nothing. A statement that was sent twice, since its connection was lost, has one effect.
 */
export class LeasedSessions {
  readonly #parts: LeasedSessionsParts;
  readonly #takes: Together<AskedLease, Taken>;
  readonly #turns: Together<TurnWrite, GivenRow>;
  readonly #held = new Map<number, Held>();

  constructor(parts: LeasedSessionsParts) {
    this.#parts = parts;
    this.#takes = createTakes(parts);
    this.#turns = createTurnWrites(parts);
  }

  /** The session as it is under the lease; undefined while it is not free for this arrival. */
  async take(key: KeyColumns, leaseMs: number, arrival: Arrival | undefined): Promise<Held | undefined> {
    const { line, clock } = this.#parts;
    const arrivedAt = clock.toDatabase(arrival?.at ?? Date.now());
    const asksAnew = arrival !== undefined && !arrival.again;
    const asked = { key, leaseMs, arrivedAt, digest: arrival?.digest, asksAnew };
    const attempt = async (): Promise<Held | undefined> => {
      const { row } = await this.#takes.run(asked);
      return row === undefined ? undefined : { ...row, key };
    };
    let held = await attempt();
    if (held === undefined && arrival?.waits === true) {
      // It may have been freed before anybody could know of the place.
      await line.enter(key, arrivedAt);
      held = await attempt();
    }
    if (held === undefined) return undefined;
    await line.forget(key);
    this.#held.set(held.fence, held);
    return held;
  }

  async renew(fence: number, leaseMs: number): Promise<boolean> {
    const held = this.#held.get(fence);
    if (held === undefined) return false;
    const { pool, statements, holder } = this.#parts;
    const rows = await pool.run(statements.renew, () => [held.id, fence, holder, leaseMs]);
    return rows.length === 1;
  }

  /** Resolves to the session's new revision. Rejects with `session_busy`, or a `RangeError`. */
  async commit(fence: number, { keep, bodies, receipt, run }: WrittenTurn, next: number | undefined): Promise<number> {
    const { holder } = this.#parts;
    const held = this.#find(fence);
    if (!(keep >= 0 && keep <= held.length))
      throw new RangeError(`A turn keeps ${keep} messages of a session that has ${held.length}.`);
    const tail = await this.#toTail(held, keep);
    const rows = toChainedRows(tail.checksum, bodies);
    const revision = held.revision + 1;
    const values: Values = {
      id: held.id,
      fence,
      holder,
      keyHash: held.key.hash,
      next: this.#toNext(next),
      revision,
      length: keep + bodies.length,
      lastSequence: held.last_sequence + bodies.length,
      endChecksum: rows.at(-1)?.checksum ?? tail.checksum,
      tail: tail.sequence,
      ...(receipt && toReceiptValues(receipt)),
      ...(run && { ...toBatchValues(run.hold, holder, run.end.batch), ...toEndValues(run.hold, run.end) }),
    };
    for (const [index, { body, checksum }] of rows.entries())
      Object.assign(values, { [`body ${index}`]: body, [`checksum ${index}`]: checksum });
    const shape = {
      messages: rows.length,
      events: run?.end.batch.events.length,
      supersedes: keep < held.length,
      begins: keep === 0,
      receipt: receipt !== undefined,
    };
    const write = { id: held.id, shape, values };
    const [given] =
      run === undefined && !isLong(bodies)
        ? [await this.#turns.run(write)]
        : await writeTurn(write, this.#parts).catch((error: unknown) => {
            throw isRunLost(error) ? toLost() : error;
          });
    // Where its run was lost, the lease is still held: whoever has it gives it back.
    if (run !== undefined && given?.given !== true) throw toLost();
    this.#settle(held, given);
    return revision;
  }

  async erase(fence: number, next: number | undefined): Promise<void> {
    const { pool, statements, holder } = this.#parts;
    const held = this.#find(fence);
    const { column, hash: keyHash } = held.key;
    const values = [held.id, fence, holder, keyHash, this.#toNext(next), startChain(column)];
    const [row] = await pool.run<GivenRow>(statements.erase, (again) => [...values, again]);
    this.#settle(held, row);
  }

  async release(fence: number, next: number | undefined): Promise<void> {
    const held = this.#held.get(fence);
    if (held === undefined) return;
    this.#held.delete(fence);
    const { pool, statements, line, holder } = this.#parts;
    const values = [held.id, fence, holder, held.key.hash, this.#toNext(next)];
    const [row] = await pool.run<GivenRow>(statements.release, () => values);
    if (row?.given === true) line.call(held.key, row.next);
  }

  /** Gives back what is still held. */
  async releaseAll(): Promise<void> {
    await Promise.all([...this.#held.values()].map(({ fence }) => this.release(fence, undefined)));
  }

  #find(fence: number): Held {
    const held = this.#held.get(fence);
    if (held === undefined) throw toLost();
    return held;
  }

  #settle(held: Held, row: GivenRow | undefined): void {
    this.#held.delete(held.fence);
    if (row?.given !== true) throw toLost();
    this.#parts.line.call(held.key, row.next);
  }

  #toNext(next: number | undefined): number | null {
    return next === undefined ? null : this.#parts.clock.toDatabase(next);
  }

  /** The end of the kept messages: where the chain of checksums goes on. */
  async #toTail(held: Held, keep: number): Promise<{ readonly sequence: number; readonly checksum: number }> {
    if (keep === held.length) return { sequence: held.last_sequence, checksum: held.checksum };
    if (keep === 0) return { sequence: 0, checksum: startChain(held.key.column) };
    const { pool, statements } = this.#parts;
    const [tail] = await pool.run<{ sequence: number; checksum: number }>(statements.tail, () => [held.id, keep]);
    if (tail === undefined) throw toDamage(held.key.column, "There are fewer messages than there should be");
    return tail;
  }
}

function toReceiptValues({ digest, answer, again }: Receipt): Values {
  return { digest, answer, answerChecksum: crc32(answer), answersAgain: again };
}

/** What the statement of a turn fails with whose run was interrupted meanwhile. */
function isRunLost(error: unknown): boolean {
  return error instanceof GatewayError && (error.cause as { code?: unknown } | undefined)?.code === runLost;
}

export function toLost(): GatewayError {
  return new GatewayError("session_busy", "Another run has taken over this session; this turn was not stored.", {
    retry: false,
  });
}

/** For the log, which says the key so that somebody can look after it. */
export function toDamage(column: string, what: string): GatewayError {
  const cause = new Error(`${what}: session '${column.slice(0, 256)}'.`);
  const message = "What is stored of the session is damaged: it cannot be read as it was written.";
  return new GatewayError("session_damaged", message, { cause, retry: false });
}
