import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { awakeMs } from "../../base/loop-watch.ts";
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
  /**
   * A transaction pooler may stand between, which gives each statement any connection: nothing is prepared, and none is sent
   * behind another. PgBouncer may pass on the first half of it, and the rest to another server once the other has ended.
   */
  readonly pooler: boolean;
  readonly log: Log;
  /** A statement takes milliseconds; one that takes so long has no network under it, or a lock that nobody gives back. */
  readonly statementMs?: number | undefined;
}

/** For a connection, or for one of those that there may be. */
const connectMs = 5_000;
const statementMs = 10_000;
/** A server that takes longer to say good-bye has no network to it. */
const endMs = 2_000;
/**
 * What was lost is sent again after these times, as long as no more than `againMs` has gone by: a server that is restarted
 * is there again within them.
 */
const pausesMs: readonly number[] = [0, 250, 500, 1_000];
const againMs = 2_000;
/** Far above what the gateway's own limits let in; beyond it, the database has stopped and memory must not fill. */
const waitingMax = 10_000;

/** Eight-byte integers are counters and milliseconds here, all of them below 2^53. */
const types: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => (oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format)),
};

/** A connection with statements in it: they are sent as they come, and answered in that order. */
interface Connection {
  readonly client: pg.Client;
  underWay: number;
}

/** So many statements under way on each are a reason for another connection. */
const busyAt = 4;

/**
 * Connections to one database, each of which has several statements under way: they are sent without waiting for the
 * answers to those before, since waiting is most of what a statement costs here. Each is a transaction of its own. Where a
 * pooler stands between, each connection has one, and others wait.
 *
 * A statement whose connection was lost is sent again, on another one, for a short while: a server that restarts, or that
 * somebody cuts connections of, costs a pause. Everything else that goes wrong with the database rejects with
 * `storage_unavailable`, and the next statement finds it again by itself.
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #connections = new Set<Connection>();
  #opening: Promise<Connection> | undefined;
  readonly #waiting: (() => void)[] = [];
  #underWay = 0;
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  /** Rejects with `storage_unavailable`. */
  run<Row extends object>(statement: Statement, toValues: ToValues): Promise<readonly Row[]> {
    if (this.#closed) return Promise.reject(toStorageError(new Error("The session store is closed.")));
    if (this.#underWay >= waitingMax)
      return Promise.reject(toStorageError(new Error(`${waitingMax} statements wait for the database.`)));
    return this.#attempt<Row>(statement, toValues);
  }

  /** Ends the connections, of which nobody must be using one. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    await Promise.all(Array.from(this.#connections, ({ client }) => endClient(client)));
  }

  async #attempt<Row extends object>({ name, text }: Statement, toValues: ToValues): Promise<readonly Row[]> {
    const began = awakeMs();
    for (let attempt = 0; ; attempt++) {
      const values = [...toValues(attempt > 0)];
      try {
        return await this.#send<Row>(
          this.#options.pooler || name === undefined ? { text, values } : { name, text, values },
        );
      } catch (error) {
        const pauseMs = pausesMs[attempt];
        const isLate = awakeMs() - began > againMs;
        if (pauseMs === undefined || isLate || !isWorthAgain(error)) throw toStorageError(error);
        await delay(pauseMs);
      }
    }
  }

  async #send<Row extends object>(query: pg.QueryConfig): Promise<readonly Row[]> {
    this.#underWay += 1;
    let connection: Connection | undefined;
    try {
      connection = await this.#take();
      return (await connection.client.query<Row>(query)).rows;
    } finally {
      this.#underWay -= 1;
      if (connection !== undefined) connection.underWay -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** A connection that may have one more statement, which is counted as under way at once. */
  async #take(): Promise<Connection> {
    for (;;) {
      const connection = this.#choose();
      if (connection !== undefined) {
        connection.underWay += 1;
        return connection;
      }
      if (this.#isFull) await new Promise<void>((resolve) => this.#waiting.push(resolve));
      else await this.#open();
    }
  }

  get #isFull(): boolean {
    return this.#connections.size >= this.#options.connections;
  }

  /** The one with the least to do; where that is much, another is opened for those that come. */
  #choose(): Connection | undefined {
    let least: Connection | undefined;
    for (const one of this.#connections) if (least === undefined || one.underWay < least.underWay) least = one;
    if (this.#options.pooler) return least?.underWay === 0 ? least : undefined;
    if (least !== undefined && least.underWay >= busyAt && !this.#isFull && this.#opening === undefined)
      this.#open().catch((error: unknown) => this.#options.log.warn({ err: error }, "no further connection"));
    return least;
  }

  #open(): Promise<Connection> {
    this.#opening ??= this.#connect().finally(() => (this.#opening = undefined));
    return this.#opening;
  }

  async #connect(): Promise<Connection> {
    const { url, log, statementMs: givenUpMs = statementMs } = this.#options;
    const settings: PipelinedConfig = { ...toClientConfig(url, "clawgate"), query_timeout: givenUpMs, pipeline: true };
    const client = new pg.Client(settings);
    const connection: Connection = { client, underWay: 0 };
    const forget = (): void => void this.#connections.delete(connection);
    client.on("error", (error) => {
      forget();
      log.warn({ err: error }, "a connection to the session database was lost");
    });
    client.on("end", forget);
    await client.connect();
    this.#connections.add(connection);
    return connection;
  }
}

/** `pipeline` is not in the types yet. */
interface PipelinedConfig extends pg.ClientConfig {
  readonly pipeline: true;
}

function toClientConfig(url: string, name: string): pg.ClientConfig {
  return { connectionString: url, connectionTimeoutMillis: connectMs, keepAlive: true, application_name: name, types };
}

/** A connection for statements that follow each other; whoever has it ends it. Rejects with what goes wrong. */
export async function connect(url: string, name: string): Promise<pg.Client> {
  const client = new pg.Client(toClientConfig(url, name));
  // What is lost while nothing is asked of it shows when something is.
  client.on("error", () => undefined);
  await client.connect();
  return client;
}

/** Such a connection for as long as it is used. */
export async function withClient<Result>(
  url: string,
  name: string,
  use: (client: pg.Client) => Promise<Result>,
): Promise<Result> {
  const client = await connect(url, name);
  try {
    return await use(client);
  } finally {
    await endClient(client);
  }
}

/** Says good-bye to the server, and does not wait for one that cannot be reached. */
export async function endClient(client: pg.Client): Promise<void> {
  const patience = setTimeout(() => client.connection.stream.destroy(), endMs);
  await client.end();
  clearTimeout(patience);
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
