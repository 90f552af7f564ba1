import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { StoreFinding, StoreOutlook } from "../store.ts";
import { assertUsableServer, readFacts, type ServerFacts, toStartError } from "./open-schema.ts";
import { withClient } from "./pool.ts";
import { type Applied, assertServes, knownSteps, readApplied } from "./schema-steps.ts";

export interface ExaminedDatabase {
  readonly url: string;
  readonly listenUrl?: string | undefined;
  readonly pooler: boolean;
  readonly schema: string;
}

const name = "clawgate doctor";
/** What times of several machines may differ by before somebody should look. */
const skewMsMax = 1_000;
/** News comes within milliseconds, where it comes. */
const newsMs = 2_000;

/** What keeps a database from being the place for sessions, or would make it a slow one. Changes nothing in it. */
export async function examineDatabase(database: ExaminedDatabase): Promise<StoreOutlook> {
  try {
    return await withClient(database.url, name, (client) => examine(client, database));
  } catch (error) {
    return { findings: [{ state: "FAIL", detail: toStartError(error, database.url).message }], isCurrent: false };
  }
}

async function examine(client: pg.ClientBase, database: ExaminedDatabase): Promise<StoreOutlook> {
  const { url, listenUrl = url, pooler, schema } = database;
  const asked = Date.now();
  const facts = await readFacts(client);
  const answered = Date.now();
  assertUsableServer(facts);
  const applied = await readApplied(client, schema);
  const findings = [
    { state: "ok", detail: `PostgreSQL ${toVersion(facts)}, ${facts.encoding}` } as const,
    toSchemaFinding(applied, schema),
    toClockFinding(facts.now - asked, facts.now - answered),
    listenUrl === url && pooler ? polling : await examineNews(client, listenUrl),
  ];
  return { findings, isCurrent: applied !== undefined && applied.version >= knownSteps };
}

function toVersion({ version }: ServerFacts): string {
  return `${Math.floor(version / 10_000)}.${version % 10_000}`;
}

function toSchemaFinding(applied: Applied | undefined, schema: string): StoreFinding {
  if (applied === undefined)
    return { state: "ok", detail: `the schema ${schema} is not there yet; the first start makes it` };
  assertServes(applied);
  const steps = `the schema ${schema} has ${applied.version} of ${knownSteps} steps`;
  if (applied.version < knownSteps) return { state: "ok", detail: `${steps}; the next start takes the others` };
  return { state: "ok", detail: applied.version > knownSteps ? `${steps}, and serves this version` : steps };
}

/** How far the clock of the database was ahead of the moments before and after it was asked. */
function toClockFinding(aheadMost: number, aheadLeast: number): StoreFinding {
  const differs = aheadLeast > skewMsMax ? aheadLeast : aheadMost < -skewMsMax ? aheadMost : 0;
  if (differs === 0) return { state: "ok", detail: "its clock agrees with this machine's" };
  const way = differs > 0 ? "ahead of" : "behind";
  return {
    state: "warn",
    detail: `its clock is ${Math.abs(differs)} ms ${way} this machine's. Times are the database's, so nothing is wrong; let both keep time (NTP).`,
  };
}

const polling: StoreFinding = {
  state: "warn",
  detail:
    "gateways look for each other's news once a second: behind a pooler nobody can listen. Name the server itself in sessions.store.postgres.listenUrl.",
};

/** Whether what one connection tells another hears. */
async function examineNews(client: pg.ClientBase, listenUrl: string): Promise<StoreFinding> {
  const channel = `clawgate_doctor_${randomBytes(6).toString("hex")}`;
  const hear = async (listener: pg.ClientBase): Promise<boolean> => {
    const heard = new Promise<boolean>((resolve) => {
      listener.once("notification", () => resolve(true));
      setTimeout(() => resolve(false), newsMs).unref();
    });
    await listener.query(`LISTEN "${channel}"`);
    await client.query("SELECT pg_notify($1, '')", [channel]);
    return heard;
  };
  try {
    const isHeard = await withClient(listenUrl, name, hear);
    return isHeard ? { state: "ok", detail: "gateways hear of each other (LISTEN)" } : polling;
  } catch (error) {
    const { message } = toStartError(error, listenUrl);
    const detail = `gateways look for each other's news once a second, for nobody can listen: ${message}`;
    return { state: "warn", detail };
  }
}
