import { execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";
import { inject } from "vitest";

/** The folder of the newest server that is installed; undefined where there is none. */
export const programs = findPrograms();

/** Said where tests are skipped, since nobody looks for what did not run. */
export const missing = "PostgreSQL 15 or newer is not installed: its tests are SKIPPED (apt-get install postgresql)";
if (programs === undefined) console.warn(`\n*** ${missing} ***\n`);

function findPrograms(): string | undefined {
  const root = "/usr/lib/postgresql";
  const versions = existsSync(root) ? readdirSync(root).map(Number) : [];
  const folders = versions.filter((version) => version >= 15).toSorted((a, b) => b - a);
  const named = process.env["POSTGRES_BIN"];
  return [...(named === undefined ? [] : [named]), ...folders.map((version) => `${root}/${version}/bin`)].find(
    (folder) => existsSync(join(folder, "postgres")),
  );
}

/** PostgreSQL refuses to run as root. */
function toOrdinaryUser(): { readonly uid?: number; readonly gid?: number } {
  if (process.getuid?.() !== 0) return {};
  const users = readFileSync("/etc/passwd", "utf8").split("\n");
  const found = ["postgres", "nobody"].map((name) => users.find((line) => line.startsWith(`${name}:`)));
  const [, , uid, gid] = (found.find((line) => line !== undefined) ?? "::65534:65534").split(":").map(Number);
  return { uid: uid ?? 65_534, gid: gid ?? 65_534 };
}

export interface ServerOptions {
  /** Whether a commit waits for the disk. */
  readonly durable?: boolean;
  /** Without it, there is a socket in the folder only. */
  readonly port?: number;
  /** Ends with this process. */
  readonly owner?: number;
}

/** A server in this folder, ready for connections; whoever starts it ends the process whose id it is. */
export async function startServer(folder: string, { durable = false, port, owner = process.pid }: ServerOptions = {}) {
  const bin = programs ?? "";
  const user = toOrdinaryUser();
  const data = join(folder, "data");
  if (user.uid !== undefined) chownSync(folder, user.uid, user.gid ?? user.uid);
  chmodSync(folder, 0o755);
  if (!existsSync(data)) {
    const args = ["-D", data, "-U", "clawgate", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"];
    execFileSync(join(bin, "initdb"), args, { ...user, cwd: folder, stdio: "pipe" });
  }
  const settings = {
    unix_socket_directories: folder,
    listen_addresses: port === undefined ? "" : "127.0.0.1",
    port: port ?? 5432,
    max_connections: 200,
    shared_buffers: "32MB",
    ...(durable ? {} : { fsync: "off", synchronous_commit: "off", full_page_writes: "off" }),
  };
  const args = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const server = spawn(join(bin, "postgres"), ["-D", data, ...args], {
    ...user,
    cwd: folder,
    stdio: "ignore",
    detached: true,
  });
  // A run that is killed leaves nothing behind.
  const watch = `while kill -0 ${owner} && kill -0 ${server.pid}; do sleep 1; done; kill -QUIT ${server.pid}`;
  spawn("sh", ["-c", watch], { stdio: "ignore", detached: true }).unref();
  server.unref();
  const url = `postgres://clawgate@localhost:${settings.port}/postgres?host=${encodeURIComponent(folder)}`;
  await untilReady(url, server);
  return { server, url };
}

async function untilReady(url: string, server: ReturnType<typeof spawn>): Promise<void> {
  for (;;) {
    if (server.exitCode !== null) throw new Error(`PostgreSQL ended with ${server.exitCode}.`);
    const client = new pg.Client({ connectionString: url });
    client.on("error", () => undefined);
    try {
      await client.connect();
      return await client.end();
    } catch {
      await delay(20);
    }
  }
}

let shared: Promise<string> | undefined;

/** The address of the server that all tests of this run share. It forgets what it has when its machine loses power. */
export function sharedServer(): Promise<string> {
  return (shared ??= openShared(inject("postgresFolder")));
}

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
