import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, createServer as createSocketServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findFreePort } from "../../src/tool/mcp/everything.fixture.ts";
import { createPlace, type Place, startCommand, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { elsewhere, localhost } from "../upstream/servers/tls.fixture.ts";

// What people get wrong in their first hour, and what they are told of it, wherever they look.

/** What must be said where somebody looks: the place, and what to do. */
export interface Says {
  /** By `clawgate gateway`, which then ends. */
  readonly start?: readonly RegExp[];
  readonly doctor?: readonly RegExp[];
  /** By `clawgate agent`. */
  readonly agent?: readonly RegExp[];
  /** By the answer to a request and the log of the gateway, together. */
  readonly request?: readonly RegExp[];
}

export interface Broken {
  readonly kind: Kind;
  readonly name: string;
  readonly create: () => Place | Promise<Place>;
  readonly says: Says;
  /** With the first request. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Between the start and the first request. */
  readonly later?: (place: Place) => void;
  readonly runIf?: () => boolean;
}

type Kind =
  | "a wrong key"
  | "a missing command"
  | "a taken port"
  | "an unset variable"
  | "a dead provider"
  | "unreadable state"
  | "a full disk"
  | "a bad certificate"
  | "a wrong proxy";

/** What may stand in no message. */
export const secretKey = "sk-of-nobody-0123456789";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  onEnd(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

interface Lab {
  readonly apiKey?: unknown;
  readonly environment?: Readonly<Record<string, string>>;
}

function withProvider(baseUrl: string, { apiKey = secretKey, environment = {} }: Lab = {}): Place {
  const models = { providers: { lab: { api: "openai-completions", baseUrl, apiKey } } };
  return createPlace({ config: { ...usual, models, agents: { defaults: { model: "lab/gpt-lab" } } }, environment });
}

/** A provider that gives this answer to everything. */
async function withAnswer(status: number, body: string, path = "/v1"): Promise<Place> {
  const port = await listen(createHttpServer((_, response) => void response.writeHead(status).end(body)));
  return withProvider(`http://127.0.0.1:${port}${path}`);
}

async function withCertificate(certificate: typeof localhost): Promise<Place> {
  const port = await listen(createServer(certificate, (_, response) => void response.end("{}")));
  return withProvider(`https://localhost:${port}/v1`);
}

const withGateway = (gateway: object): Place =>
  createPlace({ config: { ...usual, gateway: { ...usual.gateway, ...gateway } } });

function withTool(server: object): Place {
  const list = [{ id: "main", default: true, tools: { files: ["*"] } }];
  return createPlace({ config: { ...usual, mcp: { servers: { files: server } }, agents: { ...usual.agents, list } } });
}

/** A place whose state folder has, or is, what this makes. */
function withState(make: (folder: string) => void): Place {
  const place = createPlace({ config: usual });
  make(place.stateFolder);
  return place;
}

/** Mounts a disk with room for so little. */
function mountSmall(folder: string, size: string, more = ""): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${size},mode=700${more}`, "tmpfs", folder], { stdio: "ignore" });
  onEnd(() => execFileSync("umount", ["-l", folder]));
}

export function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", ["-l", folder]);
    return true;
  } catch {
    console.warn("NOT TRIED: a full disk and one that can only be read, since nothing may be mounted here");
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Takes a disk to its last byte. */
function fill(folder: string): void {
  try {
    for (let count = 0; ; count += 1) writeFileSync(join(folder, `filler${count}`), Buffer.alloc(4096, 1));
  } catch {
    // That was it.
  }
}

const refused = JSON.stringify({ error: { message: `no ${secretKey}`, code: "invalid_api_key" } });
const page = "<!doctype html><title>Sign in</title>";

export const setups: readonly Broken[] = [
  {
    kind: "a wrong key",
    name: "that the provider knows none of",
    create: () => withAnswer(401, refused),
    says: {
      doctor: [/^FAIL {2}model lab .*401.*See whether models\.providers\.lab\.apiKey is the provider's/m],
      request: [/"cause":"the provider answered 401 [^"]*","remedy":"See whether models\.providers\.lab\.apiKey/],
    },
  },
  {
    kind: "a wrong key",
    name: "that may not do this",
    create: () => withAnswer(403, ""),
    says: {
      doctor: [/^FAIL {2}model lab .*403.*models\.providers\.lab\.apiKey/m],
      request: [/answered 403","remedy":"See whether models\.providers\.lab\.apiKey/],
    },
  },
  {
    kind: "a wrong key",
    name: "with the scheme before it",
    create: () => withProvider("http://127.0.0.1:1/v1", { apiKey: `Bearer ${secretKey}` }),
    says: { doctor: [/^warn {2}config +models\.providers\.lab\.apiKey has white space in it: a `Bearer` before/m] },
  },
  {
    kind: "a wrong key",
    name: "for the gateway itself",
    create: () => createPlace({ config: usual }),
    headers: { authorization: "Bearer none" },
    says: {
      request: [/Missing or wrong API key\. Send 'Authorization: Bearer <token>'; 'clawgate token' prints the token/],
    },
  },
  {
    kind: "a missing command",
    name: "of a tool server",
    create: () => withTool({ command: "no-such-program-here" }),
    says: {
      doctor: [/^FAIL {2}tools files .*no program 'no-such-program-here'.* correct mcp\.servers\.files\.command/m],
      request: [/"toolServer":"files".*"remedy":"[^"]*Install it, or correct mcp\.servers\.files\.command/],
    },
  },
  {
    kind: "a missing command",
    name: "which is a folder",
    create: () => withTool({ command: tmpdir() }),
    says: { doctor: [/^FAIL {2}tools files .*may not be started.*see mcp\.servers\.files\.command/m] },
  },
  {
    kind: "a missing command",
    name: "that ends at once",
    create: () => withTool({ command: "sh", args: ["-c", "echo no module >&2; exit 3"] }),
    says: {
      doctor: [/^FAIL {2}tools files .*ended before it answered; run the command of mcp\.servers\.files by hand/m],
    },
  },
  {
    kind: "a taken port",
    name: "by something else",
    async create() {
      return withGateway({ port: await listen(createHttpServer((_, response) => void response.end("a shop"))) });
    },
    says: {
      start: [/^clawgate: Cannot listen on 127\.0\.0\.1 port \d+ \(gateway\.port.*: --port \d+\n$/],
      doctor: [/^FAIL {2}port .*something else listens there\. Stop it, or take another port: --port \d+$/m],
    },
  },
  {
    kind: "a taken port",
    name: "by another gateway",
    async create() {
      const { url } = await startCommand(createPlace({ config: usual }));
      return withGateway({ port: Number(new URL(url).port) });
    },
    says: {
      start: [/^clawgate: Cannot listen .* Stop it, or take another port/],
      doctor: [
        /^FAIL {2}port .*another gateway answers at .*: stop it, or choose another port \(--port, gateway\.port\)/m,
      ],
    },
  },
  {
    kind: "a taken port",
    name: "on an address of another machine",
    create: () => withGateway({ bind: "203.0.113.7" }),
    says: {
      start: [/^clawgate: Cannot listen on 203\.0\.113\.7 .*no such address\. `--bind loopback` is this machine/],
    },
  },
  {
    kind: "an unset variable",
    name: "for the token",
    create: () => withGateway({ auth: { token: "${CLAWGATE_SECRET}" } }),
    says: {
      start: [/config\.json5: line 1, column \d+: gateway\.auth\.token .* CLAWGATE_SECRET, .* Set it, or write/],
      doctor: [/gateway\.auth\.token .* CLAWGATE_SECRET, .* Set it, or write/],
    },
  },
  {
    kind: "an unset variable",
    name: "for a provider, and empty",
    create: () => withProvider("http://127.0.0.1:1/v1", { apiKey: "${LAB_KEY}", environment: { LAB_KEY: "" } }),
    says: { start: [/line 1, column \d+: models\.providers\.lab\.apiKey .* LAB_KEY, .* Set it, or write/] },
  },
  {
    kind: "an unset variable",
    name: "as a file that is not there",
    create: () => withProvider("http://127.0.0.1:1/v1", { apiKey: { file: "lab.key" } }),
    says: { start: [/models\.providers\.lab\.apiKey refers to the file \S+lab\.key, .*there is no such file/] },
  },
  {
    kind: "a dead provider",
    name: "that is not started",
    create: async () => withProvider(`http://127.0.0.1:${await findFreePort()}/v1`),
    says: {
      doctor: [/^FAIL {2}model lab .*ECONNREFUSED 127.*Start it, or correct models\.providers\.lab\.baseUrl/m],
      agent: [/cannot be reached\. `clawgate doctor --online` names the provider, the reason and the remedy/],
      request: [/ECONNREFUSED [^"]*","remedy":"Start it, or correct models\.providers\.lab\.baseUrl"/],
    },
  },
  {
    kind: "a dead provider",
    name: "that closes the connection",
    async create() {
      const port = await listen(createSocketServer((socket) => void socket.destroy()));
      return withProvider(`http://127.0.0.1:${port}/v1`);
    },
    says: { doctor: [/^FAIL {2}model lab .*models\.providers\.lab\.baseUrl says http where https is spoken/m] },
  },
  {
    kind: "a dead provider",
    name: "that fails",
    create: () => withAnswer(500, "out of memory"),
    says: { doctor: [/^FAIL {2}model lab .*answered 500\) It is the provider that fails: look at its own log/m] },
  },
  {
    kind: "a dead provider",
    name: "that is a site with a sign-in",
    create: () => withAnswer(200, page),
    says: {
      doctor: [/^FAIL {2}model lab .*web page.*models\.providers\.lab\.baseUrl ends where its API begins/m],
      request: [/web page.*"remedy":"[^"]*models\.providers\.lab\.baseUrl ends where its API begins/],
    },
  },
  {
    kind: "a dead provider",
    name: "whose API begins elsewhere",
    create: () => withAnswer(404, page, ""),
    says: { doctor: [/^FAIL {2}model lab .*404.*models\.providers\.lab\.baseUrl ends .* \(most often \/v1\)/m] },
  },
  {
    kind: "unreadable state",
    name: "a file where the folder should be",
    create: () => withState((folder) => writeFileSync(folder, "")),
    says: {
      start: [
        /^clawgate: Cannot make the state folder \S+state \(OPENCLAW_STATE_DIR\): a file .*ame another folder with/,
      ],
      doctor: [/the state folder \S+state \(OPENCLAW_STATE_DIR\): a file has the name/],
    },
  },
  {
    kind: "unreadable state",
    name: "a link that leads nowhere",
    create: () => withState((folder) => symlinkSync("/nowhere/at/all", folder)),
    says: { start: [/^clawgate: Cannot make the state folder \S+ \(OPENCLAW_STATE_DIR\): a link .* Mend it, or name/] },
  },
  {
    kind: "unreadable state",
    name: "sessions that are none",
    create: () =>
      withState((folder) => {
        mkdirSync(folder, { mode: 0o700 });
        writeFileSync(join(folder, "sessions.sqlite"), "no database at all, but long enough to be one".repeat(99));
      }),
    says: {
      start: [/^clawgate: The session database \S+sessions\.sqlite cannot be used: .*Put back a copy; or/],
      doctor: [/^FAIL {2}sessions .*sessions\.sqlite cannot be used: .*Put back a copy; or/m],
    },
  },
  {
    kind: "unreadable state",
    name: "a folder where the sessions should be",
    create: () => withState((folder) => mkdirSync(join(folder, "sessions.sqlite"), { recursive: true, mode: 0o700 })),
    says: { start: [/^clawgate: The session database \S+sessions\.sqlite cannot be used: .*move it away/] },
  },
  {
    kind: "unreadable state",
    name: "a folder where the token should be",
    create: () => withState((folder) => mkdirSync(join(folder, "token"), { recursive: true, mode: 0o700 })),
    says: { start: [/^clawgate: The stored token \S+token is not used: .* Delete it, and a new one is made\.\n$/] },
  },
  {
    kind: "unreadable state",
    name: "a disk that can only be read",
    create: () => withState((folder) => mountSmall(folder, "1m", ",ro")),
    says: {
      start: [/^clawgate: .*\S+state.*the disk can only be read\. Let it be written .*OPENCLAW_STATE_DIR\.\n$/],
      doctor: [/^FAIL {2}state .*the disk can only be read/m, /^FAIL {2}sessions .*the disk can only be read/m],
    },
    runIf: mayMount,
  },
  {
    kind: "a full disk",
    name: "at the start",
    create: () =>
      withState((folder) => {
        mountSmall(folder, "16k");
        fill(folder);
      }),
    says: {
      start: [/^clawgate: .*\S+state.*the disk is full\. Make room, or .*OPENCLAW_STATE_DIR/],
      doctor: [/^FAIL {2}state .*the disk is full\. Make room, or name another folder with OPENCLAW_STATE_DIR$/m],
      agent: [/^clawgate: .*\S+state.*the disk is full\. Make room, or .*OPENCLAW_STATE_DIR/m],
    },
    runIf: mayMount,
  },
  {
    kind: "a full disk",
    name: "that has no room for one more file",
    create: () => withState((folder) => mountSmall(folder, "1m", ",nr_inodes=1")),
    says: { start: [/^clawgate: .*\S+state.*the disk is full\. Make room, or .*OPENCLAW_STATE_DIR/] },
    runIf: mayMount,
  },
  {
    kind: "a full disk",
    name: "later on",
    create: () => withState((folder) => mountSmall(folder, "4m")),
    later: ({ stateFolder }) => fill(stateFolder),
    says: {
      request: [/"storage_unavailable"/, /"cause":"\S+sessions\.sqlite: the disk is full\. Make room, or name another/],
    },
    runIf: mayMount,
  },
  {
    kind: "a bad certificate",
    name: "that nobody vouches for",
    create: () => withCertificate(localhost),
    says: {
      doctor: [/^FAIL {2}model lab .*self.signed certificate.* NODE_EXTRA_CA_CERTS=file\.pem/m],
      request: [/self.signed certificate[^"]*","remedy":"[^"]*NODE_EXTRA_CA_CERTS=file\.pem/],
    },
  },
  {
    kind: "a bad certificate",
    name: "of another server",
    create: () => withCertificate(elsewhere),
    says: { doctor: [/^FAIL {2}model lab .*certificate.* NODE_EXTRA_CA_CERTS=file\.pem/m] },
  },
  {
    kind: "a bad certificate",
    name: "that is none: http where https was meant",
    async create() {
      const port = await listen(createHttpServer((_, response) => void response.end("{}")));
      return withProvider(`https://127.0.0.1:${port}/v1`);
    },
    says: {
      doctor: [/^FAIL {2}model lab .*models\.providers\.lab\.baseUrl says https where http is spoken/m],
      request: [/"cause":"wrong version number","remedy":"models\.providers\.lab\.baseUrl says https where/],
    },
  },
  {
    kind: "a wrong proxy",
    name: "for the way out that is not taken",
    create: async () =>
      withProvider(`http://127.0.0.1:${await findFreePort()}/v1`, {
        environment: { HTTPS_PROXY: "http://127.0.0.1:3128" },
      }),
    says: {
      doctor: [/^warn {2}proxy +HTTPS_PROXY is set, and not used.* name one that takes the calls itself as baseUrl/m],
    },
  },
  {
    kind: "a wrong proxy",
    name: "in front, by its name",
    create: () => withGateway({ trustedProxies: ["nginx"] }),
    says: {
      start: [/line 1, column \d+: gateway\.trustedProxies\[0\] must be an IP address or a network such as '10/],
    },
  },
  {
    kind: "a wrong proxy",
    name: "in front, as no network",
    create: () => withGateway({ trustedProxies: ["10.0.0.0/64"] }),
    says: { start: [/gateway\.trustedProxies\[0\] must be .* such as '10\.0\.0\.0\/8', but is '10\.0\.0\.0\/64'/] },
  },
  {
    kind: "a wrong proxy",
    name: "in front, not named",
    create: () => withGateway({ trustedProxies: ["192.0.2.1"] }),
    headers: { "x-forwarded-for": "203.0.113.9" },
    says: {
      request: [/"address":"127\.0\.0\.1","remedy":"[^"]*name it in gateway\.trustedProxies[^"]*","msg":"x-forw/],
    },
  },
  {
    kind: "a wrong proxy",
    name: "in front, with its own name",
    create: () => createPlace({ config: usual }),
    headers: { host: "gateway.example" },
    says: { request: [/does not answer for that host\. Add it to gateway\.http\.allowedHosts\./] },
  },
];
