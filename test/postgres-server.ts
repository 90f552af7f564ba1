import { execFileSync, spawn } from "node:child_process";
import { chmodSync, chownSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import pg from "pg";

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
