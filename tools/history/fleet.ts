import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { startServer } from "../../test/postgres-server.ts";
import { type DatabaseLine, openDatabaseLine } from "./database-line.ts";
import { openOwnNetwork, type OwnNetwork } from "./own-network.ts";

export const token = "history-check-0123456789abcdef";
export const schema = "history";

/** One gateway of several on the same database, a process of its own. */
export interface Replica {
  readonly name: string;
  readonly url: string;
  /** What lies between it and the database. */
  readonly line: DatabaseLine;
  /** Its own, which all that it says and hears goes through; undefined where the system has no such networks. */
  readonly network: OwnNetwork | undefined;
  signal(name: NodeJS.Signals): void;
  /** Ends the process with this signal, waits until it is gone, and starts another in its place. */
  restart(signal: NodeJS.Signals): Promise<void>;
}

export interface Fleet {
  /** nginx, with all replicas behind it. */
  readonly url: string;
  readonly replicas: readonly Replica[];
  /** Of the database itself. */
  readonly databaseUrl: string;
  restartDatabase(): Promise<void>;
  stop(): Promise<void>;
}

/** `root` is the checkout whose gateways run: it may be a copy in which something was changed. */
export async function startFleet(folder: string, root: string, count: number): Promise<Fleet> {
  const data = join(folder, "pg");
  mkdirSync(data);
  const port = await findPort();
  const options = { durable: true, port };
  let database = await startServer(data, options);
  const replicas: (Replica & { stop(): Promise<void> })[] = [];
  for (let index = 0; index < count; index += 1) replicas.push(await startReplica(folder, root, index, port));
  const front = await startFront(
    folder,
    replicas.map(({ url }) => url),
  );
  return {
    url: front.url,
    replicas,
    databaseUrl: `postgres://clawgate@127.0.0.1:${port}/postgres`,
    async restartDatabase() {
      await end(database.server, "SIGINT");
      database = await startServer(data, options);
    },
    async stop() {
      await end(front.process, "SIGTERM");
      for (const replica of replicas) await replica.stop();
      await end(database.server, "SIGQUIT");
    },
  };
}

async function startReplica(folder: string, root: string, index: number, databasePort: number) {
  const name = `r${index}`;
  const home = join(folder, name);
  mkdirSync(home);
  const network = await openOwnNetwork(index);
  const line = await openDatabaseLine(databasePort, network?.host);
  const port = await findPort();
  const config = join(home, "config.json5");
  writeFileSync(
    config,
    JSON.stringify({
      gateway: {
        port,
        ...(network && { bind: network.address }),
        log: { level: "error" },
        http: { endpoints: { chatCompletions: { enabled: true } } },
        drainMs: 5_000,
      },
      sessions: { store: { postgres: { url: `postgres://clawgate@${line.host}:${line.port}/postgres`, schema } } },
      models: { providers: { embedded: { api: "embedded", directives: true } } },
      agents: { defaults: { model: "embedded/assistant" }, list: [{ id: "main", default: true }] },
    }),
  );
  const environment = {
    ...process.env,
    HOME: home,
    OPENCLAW_CONFIG_PATH: config,
    OPENCLAW_GATEWAY_TOKEN: token,
    OPENCLAW_STATE_DIR: join(home, "state"),
  };
  const [program, ...args] = [...(network?.enter ?? []), process.execPath, join(root, "src/cli.ts"), "gateway"];
  const start = async (): Promise<ChildProcess> => {
    for (;;) {
      const child = spawn(program, args, { cwd: home, env: environment });
      const said = await untilListening(child);
      if (said === undefined) return child;
      // Without its database a gateway does not start; whoever watches over it tries again.
      if (!said.includes("PostgreSQL") && !said.includes("database")) throw new Error(`${name} did not start: ${said}`);
      await delay(250);
    }
  };
  let child = await start();
  return {
    name,
    url: `http://${network?.address ?? "127.0.0.1"}:${port}`,
    line,
    network,
    signal: (signal: NodeJS.Signals) => void child.kill(signal),
    async restart(signal: NodeJS.Signals) {
      await end(child, signal);
      child = await start();
    },
    async stop() {
      await end(child, "SIGKILL");
      line.close();
      network?.close();
    },
  };
}

/** What the process has said, if it has ended instead. */
async function untilListening(child: ChildProcess): Promise<string | undefined> {
  let said = "";
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding("utf8").on("data", (text: string) => {
      said = (said + text).slice(-10_000);
      if (said.includes("listens on ")) resolve(undefined);
    });
  child.once("exit", () => resolve(said));
  return promise;
}

/** nginx takes the replicas in turn, and one that refuses connections not for a while. */
async function startFront(folder: string, urls: readonly string[]) {
  if (spawnSync("nginx", ["-v"]).error !== undefined) throw new Error("nginx is not installed (apt-get install nginx)");
  const home = join(folder, "nginx");
  mkdirSync(home);
  const port = await findPort();
  const places = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
    (kind) => `${kind}_temp_path ${home}/${kind};`,
  );
  const servers = urls.map((url) => `server ${new URL(url).host} max_fails=1 fail_timeout=1s;`);
  writeFileSync(
    join(home, "nginx.conf"),
    `daemon off; master_process off; pid ${home}/pid; error_log ${home}/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  ${places.join("\n  ")}
  upstream replicas { ${servers.join(" ")} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://replicas;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffering off;
      proxy_connect_timeout 1s;
      # Less than a lease: the client asks another replica while the one that stands still holds its session.
      proxy_read_timeout 8s;
    }
  }
}
`,
  );
  const child = spawn("nginx", ["-p", home, "-c", join(home, "nginx.conf"), "-e", join(home, "error.log")], {
    stdio: "ignore",
  });
  const url = `http://127.0.0.1:${port}`;
  while (child.exitCode === null) {
    const isUp = await fetch(`${url}/healthz`).then(
      ({ ok }) => ok,
      () => false,
    );
    if (isUp) return { process: child, url };
    await delay(50);
  }
  throw new Error(`nginx ended with ${child.exitCode}`);
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  // The database was started as one that nobody waits for.
  child.ref();
  child.kill(signal);
  // One that was stopped hears nothing else.
  child.kill("SIGCONT");
  await gone;
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("the port has no number");
  return address.port;
}
