import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { GatewayError } from "../../base/errors.ts";
import type { DatabaseClock } from "./database-clock.ts";
import { isPassing, withClient } from "./pool.ts";
import { migrate } from "./schema-steps.ts";
import { now } from "./sql.ts";

/** The oldest version whose whole behaviour is relied on, as the server numbers it. */
export const versionMin = 150_000;

/** What a server says of itself. */
export interface ServerFacts {
  readonly version: number;
  readonly encoding: string;
  readonly now: number;
}

export async function readFacts(client: pg.ClientBase): Promise<ServerFacts> {
  const { rows } = await client.query<ServerFacts>(`
    SELECT current_setting('server_version_num')::integer AS version, current_setting('server_encoding') AS encoding,
      ${now} AS now`);
  const [facts] = rows;
  if (facts === undefined) throw new Error("The server says nothing of itself.");
  return facts;
}

/** Throws where sessions cannot be kept as they are. */
export function assertUsableServer({ version, encoding }: ServerFacts): void {
  if (version < versionMin)
    throw new Error(`The server is PostgreSQL ${Math.floor(version / 10_000)}; it must be 15 or newer`);
  if (encoding !== "UTF8")
    throw new Error(`The encoding of the database is ${encoding}; make one with ENCODING 'UTF8' TEMPLATE template0`);
}

/** So long it is tried again with a server that is starting, or is about to. */
const startingMs = 15_000;
const pauseMs = 250;

/** Makes the database ready for sessions. Rejects with `storage_unavailable`, whose message is for whoever starts. */
export async function openSchema(url: string, schema: string, clock: DatabaseClock): Promise<void> {
  const began = performance.now();
  for (;;) {
    try {
      return await withClient(url, "clawgate start", (client) => prepare(client, clock, schema));
    } catch (error) {
      if (isPassing(error) && performance.now() - began < startingMs) {
        await delay(pauseMs);
        continue;
      }
      throw toStartError(error, url);
    }
  }
}

async function prepare(client: pg.ClientBase, clock: DatabaseClock, schema: string): Promise<void> {
  const asked = Date.now();
  const facts = await readFacts(client);
  clock.learn(facts.now, asked, Date.now());
  assertUsableServer(facts);
  await migrate(client, schema);
}

/** Why a store does not open: which database, what about it, and the way out. Never with what is secret in the address. */
export function toStartError(cause: unknown, url: string): GatewayError {
  const why = cause instanceof Error ? (cause.message || String(cause)).replace(/[.]?$/, "") : String(cause);
  const message = `The session database ${toPlace(url)} cannot be used: ${why}. ${toWayOut(cause)}`;
  return new GatewayError("storage_unavailable", message, { cause });
}

function toPlace(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) return "of sessions.store.postgres.url";
  return `${parsed.host || parsed.searchParams.get("host") || "localhost"}${parsed.pathname}`;
}

function toWayOut(cause: unknown): string {
  if (cause instanceof GatewayError) return "";
  const state = cause instanceof pg.DatabaseError ? cause.code : undefined;
  switch (state) {
    case "28P01":
    case "28000":
      return "Look at user and password in sessions.store.postgres.url, and at pg_hba.conf of the server.";
    case "3D000":
      return "Make it with: createdb --encoding=UTF8 --template=template0 NAME";
    case "42501":
      return "Let the user make the schema once (GRANT CREATE ON DATABASE …), or make it for them (CREATE SCHEMA … AUTHORIZATION …).";
    case undefined:
      return "Look whether the server runs and can be reached from here, and at sessions.store.postgres.url.";
    default:
      return "The log of the server says more.";
  }
}
