import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:https";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { findFreePort } from "../../src/tool/mcp/everything.fixture.ts";
import { createPlace, type Ended, type Place, run, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { localhost } from "../upstream/servers/tls.fixture.ts";

// What people get wrong in their first hour. Each ends with a sentence that names the place and the remedy.

interface Broken {
  readonly name: string;
  readonly create: () => Place | Promise<Place>;
  readonly args: readonly string[];
  readonly status: number;
  /** Where it is, and what to do. */
  readonly says: readonly RegExp[];
  readonly runIf?: () => boolean;
}

const key = "sk-of-nobody-0123456789";

async function listen(server: Server): Promise<number> {
  server.listen(0, "127.0.0.1");
  onEnd(() => void server.close());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function withProvider(baseUrl: string, environment: Readonly<Record<string, string>> = {}): Place {
  const models = { providers: { lab: { api: "openai-completions", baseUrl, apiKey: key } } };
  return createPlace({ config: { ...usual, models, agents: { defaults: { model: "lab/gpt-lab" } } }, environment });
}

/** Answers everything with this status. */
function startRefusing(status: number): Promise<number> {
  const body = JSON.stringify({ error: { message: `no ${key}`, code: "invalid_api_key" } });
  return listen(createHttpServer((_, response) => void response.writeHead(status).end(body)));
}

/** Mounts a disk with room for so little. */
function mountSmall(folder: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k,mode=700", "tmpfs", folder], { stdio: "ignore" });
  onEnd(() => execFileSync("umount", ["-l", folder]));
}

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=16k", "tmpfs", folder], { stdio: "ignore" });
    execFileSync("umount", ["-l", folder]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A disk whose last byte is taken. */
function createFull(): Place {
  const place = createPlace({ config: usual });
  mountSmall(place.stateFolder);
  try {
    for (let count = 0; ; count += 1) writeFileSync(join(place.stateFolder, `filler${count}`), Buffer.alloc(4096, 1));
  } catch {
    return place;
  }
}

const setups: readonly Broken[] = [
  {
    name: "a wrong key",
    create: async () => withProvider(`http://127.0.0.1:${await startRefusing(401)}/v1`),
    args: ["doctor"],
    status: 1,
    says: [/^FAIL {2}model lab /m, /401/, /See whether models\.providers\.lab\.apiKey is the provider's/],
  },
  {
    name: "a tool server whose command is missing",
    create: () =>
      createPlace({
        config: {
          ...usual,
          mcp: { servers: { files: { command: "no-such-program-here" } } },
          agents: { ...usual.agents, list: [{ id: "main", default: true, tools: { files: ["*"] } }] },
        },
      }),
    args: ["doctor"],
    status: 1,
    says: [/^FAIL {2}tools files /m, /no-such-program-here|no such program/, /mcp\.servers\.files\.command/],
  },
  {
    name: "a port that is taken",
    async create() {
      const port = await listen(createHttpServer((_, response) => void response.end("a shop")));
      return createPlace({ config: { ...usual, gateway: { ...usual.gateway, port } } });
    },
    args: ["gateway"],
    status: 2,
    says: [/^clawgate: Cannot listen on 127\.0\.0\.1 port \d+ \(gateway\.port/, /another port: --port \d+\n$/],
  },
  {
    name: "a variable that is not set",
    create: () => createPlace({ config: { gateway: { auth: { token: "${CLAWGATE_SECRET}" } } } }),
    args: ["gateway"],
    status: 2,
    says: [/config\.json5: line 1, column \d+: gateway\.auth\.token /, /CLAWGATE_SECRET, .* Set it, or write/],
  },
  {
    name: "a provider that is dead",
    create: async () => withProvider(`http://127.0.0.1:${await findFreePort()}/v1`),
    args: ["doctor"],
    status: 1,
    says: [
      /^FAIL {2}model lab .*cannot be reached.*ECONNREFUSED 127/m,
      /Start it, or correct models\.providers\.lab\.baseUrl/,
    ],
  },
  {
    name: "the same, when an agent is asked",
    create: async () => withProvider(`http://127.0.0.1:${await findFreePort()}/v1`),
    args: ["agent", "hi"],
    status: 1,
    says: [/cannot be reached\. `clawgate doctor --online` names the provider, the reason and the remedy/],
  },
  {
    name: "a state folder that is a file",
    create() {
      const place = createPlace({ config: usual });
      writeFileSync(place.stateFolder, "");
      return place;
    },
    args: ["gateway"],
    status: 2,
    says: [
      /^clawgate: Cannot make the state folder \S+state \(OPENCLAW_STATE_DIR\): a file has/,
      /ame another folder with/,
    ],
  },
  {
    name: "a state folder whose sessions cannot be read",
    create() {
      const place = createPlace({ config: usual });
      mkdirSync(place.stateFolder, { mode: 0o700 });
      writeFileSync(
        join(place.stateFolder, "sessions.sqlite"),
        "no database at all, but long enough to be one".repeat(99),
      );
      return place;
    },
    args: ["doctor"],
    status: 1,
    says: [/^FAIL {2}sessions .*sessions\.sqlite/m, /copy|remove|move|put/i],
  },
  {
    name: "a full disk, told by doctor",
    create: createFull,
    args: ["doctor"],
    status: 1,
    says: [/^FAIL {2}state .*the disk is full\. Make room, or name another folder with OPENCLAW_STATE_DIR$/m],
    runIf: mayMount,
  },
  {
    name: "a full disk, at the start",
    create: createFull,
    args: ["gateway"],
    status: 2,
    says: [/^clawgate: .*\S+state.*the disk is full\. Make room, or .*OPENCLAW_STATE_DIR/],
    runIf: mayMount,
  },
  {
    name: "a certificate that nobody vouches for",
    async create() {
      const port = await listen(createServer(localhost, (_, response) => void response.end("{}")));
      return withProvider(`https://localhost:${port}/v1`);
    },
    args: ["doctor"],
    status: 1,
    says: [/^FAIL {2}model lab .*self.signed certificate/m, /NODE_EXTRA_CA_CERTS=file\.pem/],
  },
  {
    name: "http where https was meant",
    create: async () => withProvider(`https://127.0.0.1:${await startRefusing(200)}/v1`),
    args: ["doctor"],
    status: 1,
    says: [/^FAIL {2}model lab /m, /models\.providers\.lab\.baseUrl says https where http is spoken/],
  },
  {
    name: "a proxy for the way out that is not taken",
    create: async () =>
      withProvider(`http://127.0.0.1:${await findFreePort()}/v1`, { HTTPS_PROXY: "http://127.0.0.1:3128" }),
    args: ["doctor"],
    status: 1,
    says: [/^warn {2}proxy +HTTPS_PROXY is set, and not used/m, /name one that takes the calls itself as baseUrl/],
  },
  {
    name: "a proxy in front that is none",
    create: () => createPlace({ config: { gateway: { trustedProxies: ["nginx"] } } }),
    args: ["gateway"],
    status: 2,
    says: [
      /config\.json5: line 1, column \d+: gateway\.trustedProxies\[0\] must be an IP address or a network such as '10/,
    ],
  },
];

describe.each(setups)("$name", ({ create, args, status, says, runIf }) => {
  test.runIf(runIf?.() ?? true)(`\`clawgate ${args.join(" ")}\` names the place and the remedy`, async () => {
    const ended: Ended = await run(await create(), args);
    const text = args[0] === "doctor" ? ended.output + ended.notes : ended.notes;
    expect({ status: ended.status, text }).toEqual({ status, text: expect.any(String) as string });
    for (const part of says) expect(text).toMatch(part);
    expect(text).not.toMatch(/^ +at .*:\d+:\d+/m);
    expect(text).not.toContain(key);
  });
});

const oldNode = ["/usr/bin/node", "/usr/local/bin/node"].find((path) => {
  if (!existsSync(path)) return false;
  const [major = 99] = execFileSync(path, ["-p", "process.versions.node"], { encoding: "utf8" }).split(".").map(Number);
  return major < 24;
});

test.runIf(oldNode)("an old Node says which one is needed, which one it is, and where to get another", () => {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-old-"));
  onEnd(() => rmSync(folder, { recursive: true, force: true }));
  // As it is installed: without the Node of a checkout.
  const program = join(folder, "clawgate.mjs");
  copyFileSync(join(import.meta.dirname, "../../bin/clawgate.mjs"), program);
  chmodSync(program, 0o755);
  expect(() => execFileSync(oldNode ?? "", [program, "--version"], { stdio: "pipe" })).toThrow(
    /clawgate: it needs Node 24\.16 or later; this is \d+\.\d+\.\d+, at \/\S+node\. Get one from https:\/\/nodejs\.org\//,
  );
});
