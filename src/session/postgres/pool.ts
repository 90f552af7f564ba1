import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { GatewayError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";

/** A statement as it is sent: with a name it is parsed and planned once for each connection. */
export interface Statement {
  readonly name?: string | undefined;
  readonly text: string;
}

/** What a statement is called with. `again` says that it was sent before, and that nobody knows what came of it. */
export type ToValues = (again: boolean) => readonly unknown[];

export interface PoolOptions {
  readonly url: string;
  /** The most connections at once. */
  readonly connections: number;
  /** A transaction pooler may stand between, which gives each statement any connection: nothing is prepared. */
  readonly pooler: boolean;
  readonly log: Log;
  /** A statement takes milliseconds; one that takes so long has no network under it, or a lock that nobody gives back. */
  readonly statementMs?: number | undefined;
}

/** For a connection, or for one of those that there may be. */
const connectMs = 5_000;
const statementMs = 10_000;
/** What was lost is sent again after these times, as long as no more than `againMs` has gone by. */
const pausesMs: readonly number[] = [0, 250];
const againMs = 2_000;
/** Far above what the gateway's own limits let in; beyond it, the database has stopped and memory must not fill. */
const waitingMax = 10_000;

/** Eight-byte integers are counters and milliseconds here, all of them below 2^53. */
export const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
};

/**
 * Connections to one database. A statement whose connection was lost is sent again, on another one, for a short while: a
 * server that restarts, or that somebody cuts connections of, costs a pause. Everything else that goes wrong with the
 * database rejects with `storage_unavailable`, and the next statement finds it again by itself.
 */
export class Pool {
  readonly #pool: pg.Pool;
  readonly #prepared: boolean;
  #closed = false;

  constructor({ url, connections, pooler, log, statementMs: givenUpMs = statementMs }: PoolOptions) {
    this.#prepared = !pooler;
    this.#pool = new pg.Pool({
      connectionString: url,
      max: connections,
      connectionTimeoutMillis: connectMs,
      query_timeout: givenUpMs,
      keepAlive: true,
      application_name: "clawgate",
      types,
    });
    // Of a connection that nobody was using; it is gone from the pool by then.
    this.#pool.on("error", (error) => log.warn({ err: error }, "a connection to the session database was lost"));
  }

  /** Rejects with `storage_unavailable`. */
  run<Row extends object>(statement: Statement, toValues: ToValues): Promise<readonly Row[]> {
    if (this.#closed) return Promise.reject(toStorageError(new Error("The session store is closed.")));
    if (this.#pool.waitingCount >= waitingMax)
      return Promise.reject(toStorageError(new Error(`${waitingMax} statements wait for the database.`)));
    return this.#attempt<Row>(statement, toValues);
  }

  /** One connection for several statements, for what is no turn. Rejects with what goes wrong. */
  async with<Result>(use: (client: pg.ClientBase) => Promise<Result>): Promise<Result> {
    const client = await this.#pool.connect();
    // What is lost while nothing is asked of it shows when something is.
    const ignore = (): void => undefined;
    client.on("error", ignore);
    let failed = true;
    try {
      const result = await use(client);
      failed = false;
      return result;
    } finally {
      client.off("error", ignore);
      client.release(failed);
    }
  }

  /** Ends the connections, of which nobody must be using one. */
  close(): Promise<void> {
    this.#closed = true;
    return this.#pool.end();
  }

  async #attempt<Row extends object>({ name, text }: Statement, toValues: ToValues): Promise<readonly Row[]> {
    const began = performance.now();
    for (let attempt = 0; ; attempt++) {
      const values = [...toValues(attempt > 0)];
      try {
        const { rows } = await this.#pool.query<Row>(
          this.#prepared && name !== undefined ? { name, text, values } : { text, values },
        );
        return rows;
      } catch (error) {
        const pauseMs = pausesMs[attempt];
        const isLate = performance.now() - began > againMs;
        if (pauseMs === undefined || isLate || !isWorthAgain(error)) throw toStorageError(error);
        await delay(pauseMs);
      }
    }
  }
}

/** Connections that ended, a server that ends or begins, and what the server itself asks to try again. */
const passing = /^(?:08...|57P0[1-3]|40001|40P01)$/;

/** Whether the server itself says that this will be over soon. */
export function isPassing(error: unknown): boolean {
  return error instanceof pg.DatabaseError && passing.test(error.code ?? "");
}

function isWorthAgain(error: unknown): boolean {
  if (error instanceof pg.DatabaseError) return isPassing(error);
  return error instanceof Error && !(error instanceof TypeError);
}

/** The cause names hosts and SQL, so it stays the cause: the message may be shown to a client. */
export function toStorageError(cause: unknown): GatewayError {
  return new GatewayError("storage_unavailable", "The session store is not available.", {
    cause,
    retryAfterSeconds: 2,
  });
}
