import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createPlace, run, startCommand, usual } from "../command.fixture.ts";

const text = `{
  gatewy: { port: 1 },
  port: 2,
  gateway: {
    prot: 3,
    bind: 4,
    auth: { token: "\${NOPE}", mode: "tokn", keys: { CI: { sha256: "abc" } } },
  },
  mcp: { servers: { both: { command: "x", url: "https://x.example/mcp" } } },
  models: { providers: { lab: { api: "openai-completions", baseUrl: "lab", headers: { "a b": "c" } } } },
  agents: {
    defaults: { model: "gpt-5-mini" },
    list: [{ id: "main", model: "openia/x" }, { id: "a b" }, { model: "lab/x" }],
  },
}`;

const told = [
  "line 2, column 3: Unknown key: 'gatewy'. Did you mean 'gateway'?",
  "line 3, column 3: Unknown key: 'port'. Did you mean 'gateway.port'?",
  "line 5, column 5: Unknown key: 'gateway.prot'. Did you mean 'port'?",
  "line 6, column 5: Invalid type for 'gateway.bind': expected a string, but got an integer instead.",
  "line 7, column 13: gateway.auth.token refers to the environment variable NOPE, which is not set or empty. Set it, or write `${NOPE:-default}`.",
  "line 7, column 31: Invalid value for 'gateway.auth.mode': 'tokn'. Supported values are: 'token', 'password', 'trusted-proxy', 'none'.",
  "line 7, column 53: Invalid name 'CI' in 'gateway.auth.keys': expected a name of small letters, digits and hyphens, as ci-runner.",
  "line 7, column 59: Invalid value for 'gateway.auth.keys.CI.sha256': expected 64 hexadecimal digits, as `clawgate key new` prints them.",
  "line 10, column 60: Invalid value for 'models.providers.lab.baseUrl': expected an address as https://api.example/v1, without user, query and fragment.",
  "line 10, column 87: Invalid name 'a b' in 'models.providers.lab.headers': expected the name of a header, as x-tenant.",
  "line 12, column 17: Invalid value for 'agents.defaults.model': expected a model as provider/model, such as openai/gpt-5-mini.",
  "line 13, column 49: Invalid value for 'agents.list[1].id': expected a name of letters, digits, hyphens and underscores, as support-bot.",
  "line 13, column 62: Missing required key: 'agents.list[2].id'.",
];

/** Where the key is explained that each is about, or was meant. */
const explained = [
  "gateway.port",
  "gateway.bind",
  "gateway.auth.token",
  "gateway.auth.mode",
  "gateway.auth.keys.<name>.sha256",
  "models.providers.<name>.baseUrl",
  "models.providers.<name>.headers",
  "agents.defaults.model",
  "agents.list[].id",
]
  .map((key) => `#${key}`)
  .join(", ");

test.each(["gateway", "config", "agent", "token"])(
  "`%s` tells all mistakes at once, in their order",
  async (command) => {
    const { status, output, notes } = await run(createPlace({ config: text }), [
      command,
      ...(command === "agent" ? ["hi"] : []),
    ]);
    expect({ status, output }).toEqual({ status: 2, output: "" });
    const [first, ...lines] = notes.trimEnd().split("\n");
    expect(first).toMatch(/^clawgate: 13 mistakes in \S+config\.json5:$/);
    const [, page = "", anchors = ""] = /^(\S+\.md) explains them: (#.+)\.$/.exec(lines.pop() ?? "") ?? [];
    for (const anchor of anchors.split(", "))
      expect(readFileSync(page, "utf8")).toContain(`\`<a id="${anchor.slice(1)}"></a>`);
    expect(anchors).toBe(explained);
    expect(lines).toEqual(told.map((line) => `  ${line}`));
  },
);

test("what is wrong between keys is told beside what is wrong in one, and nothing twice", async () => {
  const config = `{
  gateway: { bind: "lan", auth: { mode: "none" } }, agnets: 1,
  mcp: { servers: { both: { command: "x", url: "https://x.example/mcp" } } },
  agents: { list: [{ id: "main", model: "openia/x" }, { id: "main", model: { primary: "embedded/assistant", fallbacks: ["lba/x"] } }] },
  models: { providers: { openai: { api: "openai-completions", baseUrl: "https://api.openai.com/v1", apiKey: "\${NOPE}" } } },
}`;
  const { notes } = await run(createPlace({ config }), ["config"]);
  expect(notes.split("\n").slice(1, -2)).toEqual([
    expect.stringMatching(/^ {2}line 2, column 35: gateway\.auth\.mode 'none' is allowed on loopback only/) as string,
    "  line 2, column 53: Unknown key: 'agnets'. Did you mean 'agents'?",
    "  line 3, column 21: mcp.servers.both needs either a command or a url, not both.",
    "  line 4, column 13: agents.list has the id 'main' twice.",
    expect.stringMatching(
      /^ {2}line 4, column 34: agents\.list\[0\]\.model is 'openia\/x', .* Did you mean 'openai'\?$/,
    ) as string,
    expect.stringMatching(
      /^ {2}line 4, column 121: agents\.list\[1\]\.model\.fallbacks\[0\] is 'lba\/x', .* Add models\.providers\.lba, or/,
    ) as string,
    expect.stringMatching(
      /^ {2}line 5, column 101: models\.providers\.openai\.apiKey refers to the environment variable NOPE/,
    ) as string,
  ]);
});

describe("one mistake is one sentence", () => {
  test.each<[name: string, config: string, says: string]>([
    [
      "an unknown key",
      "{ gateway: { http: { endpoints: { chatCompletion: {} } } } }",
      "'gateway.http.endpoints.chatCompletion'. Did you mean 'chatCompletions'? /",
    ],
    [
      "one of a list",
      '{ agents: { list: [{ id: "main", modell: "a/b" }] } }',
      "/generated/config.md#agents.list[].model explains it.",
    ],
    [
      "one of a provider",
      '{ models: { providers: { x: { api: "openai-completions", baseurl: "http://x/v1", baseUrl: "http://x/v1" } } } }',
      "'models.providers.x.baseurl'. Did you mean 'baseUrl'?",
    ],
    ["one that is like nothing", "{ gateway: { zzzzzzzz: 1 } }", "Unknown key: 'gateway.zzzzzzzz'. /"],
    ["one of a root that there is not", "{ zzzzzzzz: 1 }", "/generated/config.md explains the keys."],
    ["a value", "{ gateway: { log: { level: 'loud' } } }", "/generated/config.md#gateway.log.level explains it."],
    ["one elsewhere", "{ port: 1 }", "/generated/config.md#gateway.port explains it."],
    [
      "a rule",
      "{ gateway: { trustedProxies: ['x'] } }",
      "line 1, column 31: gateway.trustedProxies[0] must be an IP address",
    ],
    ["a syntax error", "{\n  a: ,\n}", "line 2, column 6: invalid character"],
  ])("as %s", async (_, config, says) => {
    const { status, notes } = await run(createPlace({ config }), ["config"]);
    expect(status).toBe(2);
    expect(notes).toMatch(/^clawgate: \S+config\.json5: line \d+, column \d+: [^\n]+\n$/);
    expect(notes).toContain(says);
  });

  test("of the environment names no file", async () => {
    const { notes } = await run(createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_PORT: "x" } }), [
      "config",
    ]);
    expect(notes).toBe("clawgate: OPENCLAW_GATEWAY_PORT must be a port number from 0 to 65535, but is 'x'.\n");
  });

  test("of a file that is missing says which, and how to get one", async () => {
    const { notes } = await run(createPlace(), ["gateway", "--config", "none.json5"]);
    expect(notes).toMatch(/^clawgate: There is no configuration at \S+\/none\.json5, .*`clawgate init/);
  });
});

test("a reload tells all mistakes too, and changes nothing", async () => {
  const place = createPlace({ config: usual });
  const gateway = await startCommand(place);
  writeFileSync(place.environment["OPENCLAW_CONFIG_PATH"] ?? "", "{ gatewy: 1, agnets: 2 }");
  const { status, notes } = await run(place, ["reload"]);
  expect(status).toBe(2);
  expect(notes).toMatch(/2 mistakes in .*'gatewy'.*'agnets'/s);
  expect((await gateway.stop()).status).toBe(0);
});

test("no pattern of the configuration is told as a regular expression", () => {
  const schema = readFileSync(join(import.meta.dirname, "../../openapi/config.yaml"), "utf8");
  expect(schema.match(/\bx-words: /g)).toHaveLength(schema.match(/\bpattern: /g)?.length ?? 0);
});
