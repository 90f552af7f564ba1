import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";
import { startServer } from "./postgres-server.ts";

export { missing, programs, startServer } from "./postgres-server.ts";

let shared: Promise<string> | undefined;

/**
 * The address of the server that all tests of this run share: one that is there already, or one that forgets what it has when
 * its machine loses power.
 */
export function sharedServer(): Promise<string> {
  const there = process.env["POSTGRES_URL"];
  return (shared ??= there === undefined ? openShared(inject("postgresFolder")) : Promise.resolve(there));
}

/** What stands before that server and gives each transaction another connection. */
export const poolerUrl = process.env["POSTGRES_POOLER_URL"];

/** Of the processes that run tests the first starts it, and the others wait. */
async function openShared(folder: string): Promise<string> {
  const ready = join(folder, "url");
  try {
    mkdirSync(join(folder, "starting"));
  } catch {
    while (!existsSync(ready)) await delay(20);
    return readFileSync(ready, "utf8");
  }
  const { url } = await startServer(folder, { owner: inject("runner") });
  writeFileSync(`${ready}.new`, url);
  execFileSync("mv", [`${ready}.new`, ready]);
  return url;
}

export interface TestSchema {
  readonly url: string;
  readonly schema: string;
  /** Works on the database behind the store's back. */
  readonly edit: <Row extends pg.QueryResultRow>(sql: string, values?: readonly unknown[]) => Promise<Row[]>;
  readonly remove: () => Promise<void>;
}

/** A schema of the test's own, which is not made yet, on the server that all share. */
export async function createTestSchema(url?: string): Promise<TestSchema> {
  const server = url ?? (await sharedServer());
  const schema = `test_${randomBytes(6).toString("hex")}`;
  const edit: TestSchema["edit"] = async (sql, values = []) => {
    const client = new pg.Client({ connectionString: server });
    await client.connect();
    try {
      await client.query(`SET search_path TO "${schema}"`);
      return (await client.query(sql, [...values])).rows;
    } finally {
      await client.end();
    }
  };
  const remove = async (): Promise<void> => void (await edit(`DROP SCHEMA IF EXISTS "${schema}" CASCADE`));
  return { url: server, schema, edit, remove };
}
