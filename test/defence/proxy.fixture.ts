import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { onEnd } from "../end.fixture.ts";
import { localhost } from "../upstream/servers/tls.fixture.ts";

export const proxies = ["nginx", "haproxy", "caddy"] as const;
export type ProxyName = (typeof proxies)[number];

export function isInstalled(name: ProxyName): boolean {
  return spawnSync(name, ["-v"]).error === undefined;
}

const files = { nginx: "nginx.conf", haproxy: "haproxy.cfg", caddy: "Caddyfile" };

/** Starts the proxy with its file of examples/deploy, on a port of its own, in front of a gateway. Gives that port. */
export async function startProxy(name: ProxyName, gatewayPort: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), `clawgate-${name}-`));
  const certificate = join(folder, "gateway.example.pem");
  const key = join(folder, "gateway.example.key");
  // HAProxy wants both in one file, and nginx does not mind.
  writeFileSync(certificate, `${localhost.cert}${localhost.key}`);
  writeFileSync(key, localhost.key);
  const port = await findPort();
  const example = readFileSync(join(import.meta.dirname, "../../examples/deploy", files[name]), "utf8")
    .replaceAll("/etc/ssl/gateway.example.pem", certificate)
    .replaceAll("/etc/ssl/gateway.example.key", key)
    .replaceAll("127.0.0.1:18789", `127.0.0.1:${gatewayPort}`);
  const file = join(folder, files[name]);
  writeFileSync(file, adapt[name](example, { port, folder, certificate, key }));
  await run(name, file, folder, port);
  return port;
}

/** Starts nginx with the file of examples/deploy/scaled, on a port of its own, in front of two gateways. Gives that port. */
export async function startBalancer(ports: readonly [number, number]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-nginx-"));
  const port = await findPort();
  const example = readFileSync(join(import.meta.dirname, "../../examples/deploy/scaled/nginx.conf"), "utf8")
    .replace("gateway-1:18789", `127.0.0.1:${ports[0]}`)
    .replace("gateway-2:18789", `127.0.0.1:${ports[1]}`)
    .replace("listen 8080", `listen 127.0.0.1:${port}`);
  const file = join(folder, "nginx.conf");
  writeFileSync(file, toNginxFile(example, folder));
  await run("nginx", file, folder, port);
  return port;
}

/** Starts a proxy with its file, waits until it listens, and ends it with the test. */
async function run(name: ProxyName, file: string, folder: string, port: number): Promise<void> {
  const child = spawn(name, commands[name](file, folder), { env: { ...process.env, HOME: folder }, stdio: "pipe" });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text: Buffer) => (said += text.toString()));
  onEnd(async () => {
    await end(child);
    rmSync(folder, { recursive: true, force: true });
  });
  while (!(await isOpen(port))) {
    if (child.exitCode !== null) throw new Error(`${name} ended: ${said}`);
    await setTimeout(20);
  }
}

interface Place {
  readonly port: number;
  readonly folder: string;
  readonly certificate: string;
  readonly key: string;
}

/** A whole configuration around the part for one site. */
const toNginxFile = (site: string, folder: string): string => `
daemon off;
${process.getuid?.() === 0 ? "user root;" : ""}
pid ${folder}/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder}/body;
  proxy_temp_path ${folder}/proxy;
  fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi;
  scgi_temp_path ${folder}/scgi;
  ${site}
}`;

/** What the files leave to the system around them: ports, folders and, of Caddy, where certificates come from. */
const adapt: Readonly<Record<ProxyName, (text: string, place: Place) => string>> = {
  nginx: (text, { port, folder }) =>
    toNginxFile(text.replace("listen 443 ssl", `listen 127.0.0.1:${port} ssl`), folder),
  haproxy: (text, { port }) => text.replace("bind :443", `bind 127.0.0.1:${port}`),
  caddy: (text, { port, certificate, key }) =>
    `{\n\tadmin off\n\tauto_https disable_redirects\n}\n${text.replace("gateway.example {", `https://gateway.example:${port} {\n\ttls ${certificate} ${key}`)}`,
};

const commands: Readonly<Record<ProxyName, (file: string, folder: string) => string[]>> = {
  nginx: (file, folder) => ["-c", file, "-p", folder, "-e", "stderr"],
  haproxy: (file) => ["-f", file, "-db"],
  caddy: (file) => ["run", "--config", file, "--adapter", "caddyfile"],
};

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

async function findPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function isOpen(port: number): Promise<boolean> {
  const socket = connect({ port, host: "127.0.0.1" });
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
