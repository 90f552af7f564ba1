import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Log } from "../../base/log.ts";
import { endClient } from "./pool.ts";

/** Sends one NOTIFY. */
export type Announce = (payload: string) => Promise<void>;

export interface WakeUpsParts {
  /** Where to listen: the server itself, since a transaction pooler passes no news on. */
  readonly url: string;
  readonly channel: string;
  readonly announce: Announce;
  readonly log: Log;
}

/** News gathers for so long: one NOTIFY for all of it. It takes a lock that all commits of the server queue for. */
const gatherMs = 10;
/** How long after a lost connection another is made. */
const againMs = 1_000;
/** Of one NOTIFY, whose payload may have 8,000 bytes; the ids are ASCII. */
const charactersMax = 7_000;

/** What the id of a run begins with among those of sessions. */
const runMark = "run:";

/** What the gateways of one schema listen to. */
export function toChannel(schema: string): string {
  return `clawgate_${schema}`;
}

/**
 * News from one gateway to another, of ids only: whoever hears of one looks. Nothing depends on it but how soon: every
 * reader also looks by itself once a second. There is one connection that listens, from the first reader on.
 */
export class WakeUps {
  readonly #parts: WakeUpsParts;
  /** Tells what this one has told from what it hears. */
  readonly #own = randomBytes(6).toString("hex");
  readonly #readers = new Map<string, Set<() => void>>();
  readonly #watchers = new Set<(id: string) => void>();
  #client: pg.Client | undefined;
  #connecting = false;
  #again: NodeJS.Timeout | undefined;
  #news = new Set<string>();
  #gathering: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(parts: WakeUpsParts) {
    this.#parts = parts;
  }

  /** Calls `wake` when there may be news of `id`, until the function is called that this returns. */
  subscribe(id: string, wake: () => void): () => void {
    const readers = this.#readers.get(id) ?? new Set();
    this.#readers.set(id, readers.add(wake));
    this.#listen();
    return () => {
      readers.delete(wake);
      if (readers.size === 0) this.#readers.delete(id);
    };
  }

  /** Calls the listener with the id of each run that there may be news of. */
  watchRuns(listener: (id: string) => void): () => void {
    this.#watchers.add(listener);
    this.#listen();
    return () => void this.#watchers.delete(listener);
  }

  /** There is news of `id` for the other gateways. */
  tell(id: string): void {
    this.#news.add(id);
    this.#gathering ??= setTimeout(() => void this.#announce(), gatherMs);
  }

  tellOfRun(id: string): void {
    this.tell(runMark + id);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#again);
    if (this.#gathering !== undefined) {
      clearTimeout(this.#gathering);
      await this.#announce();
    }
    if (this.#client !== undefined) await endClient(this.#client);
  }

  async #announce(): Promise<void> {
    this.#gathering = undefined;
    const ids = [...this.#news];
    this.#news = new Set();
    try {
      for (const payload of toPayloads(this.#own, ids)) await this.#parts.announce(payload);
    } catch (error) {
      this.#parts.log.warn({ err: error }, "other gateways are not told; they look by themselves");
    }
  }

  #listen(): void {
    if (this.#closed || this.#client !== undefined || this.#connecting || this.#again !== undefined) return;
    this.#connecting = true;
    void this.#connect().finally(() => (this.#connecting = false));
  }

  async #connect(): Promise<void> {
    const client = new pg.Client({
      connectionString: this.#parts.url,
      connectionTimeoutMillis: 5_000,
      keepAlive: true,
      application_name: "clawgate wake-ups",
    });
    client.on("notification", ({ payload = "" }) => this.#hear(payload));
    client.on("error", (error) => this.#parts.log.warn({ err: error }, "no longer hears of other gateways"));
    client.on("end", () => this.#lose(client));
    try {
      await client.connect();
      await client.query(`LISTEN "${this.#parts.channel}"`);
    } catch (error) {
      this.#parts.log.warn({ err: error }, "cannot listen to the session database; looks once a second instead");
      client.end().catch(() => undefined);
      return this.#listenLater();
    }
    if (this.#closed) return void client.end().catch(() => undefined);
    this.#client = client;
    // What was told before is not heard.
    for (const readers of this.#readers.values()) for (const wake of readers) wake();
  }

  #lose(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#listenLater();
  }

  #listenLater(): void {
    if (this.#closed) return;
    this.#again ??= setTimeout(() => {
      this.#again = undefined;
      if (this.#readers.size + this.#watchers.size > 0) this.#listen();
    }, againMs).unref();
  }

  #hear(payload: string): void {
    const [teller, ...ids] = payload.split(",");
    if (teller === this.#own) return;
    for (const id of ids) {
      for (const wake of this.#readers.get(id) ?? []) wake();
      if (id.startsWith(runMark)) for (const watch of this.#watchers) watch(id.slice(runMark.length));
    }
  }
}

/** The ids behind the name of who tells of them, in as few texts as they fit in. */
function toPayloads(own: string, ids: readonly string[]): readonly string[] {
  const payloads: string[] = [];
  let payload = own;
  for (const id of ids) {
    if (payload.length + 1 + id.length > charactersMax) {
      payloads.push(payload);
      payload = own;
    }
    payload += `,${id}`;
  }
  return [...payloads, payload];
}
