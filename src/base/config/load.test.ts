import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { type LoadedConfig, loadConfig, parseConfig } from "./load.ts";

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), "clawgate-load-"))));
afterAll(() => rmSync(folder, { recursive: true }));

function load(value: unknown, environment: Record<string, string> = {}): LoadedConfig {
  const path = join(folder, "config.json5");
  writeFileSync(path, typeof value === "string" ? value : JSON.stringify(value));
  return loadConfig({ path, environment: { OPENCLAW_STATE_DIR: folder, ...environment }, cwd: folder });
}

const auth = (value: object, more: object = {}): object => ({ gateway: { auth: value, ...more } });
const agents = (...list: object[]): object => ({ agents: { list } });

interface Refused {
  readonly name: string;
  readonly config?: unknown;
  readonly environment?: Record<string, string>;
  readonly says: RegExp;
}
const refused: readonly Refused[] = [
  { name: "an unknown key", config: { gatewya: {} }, says: /'gatewya'/ },
  { name: "an unknown key within", config: { gateway: { http: { ports: 1 } } }, says: /'gateway\.http\.ports'/ },
  {
    name: "an unknown key in a list",
    config: agents({ id: "main", modle: "a/b" }),
    says: /'agents\.list\[0\]\.modle'/,
  },
  { name: "a missing key", config: agents({ id: "main" }, {}), says: /'agents\.list\[1\]\.id'/ },
  { name: "a text for a number", config: { gateway: { port: "80" } }, says: /'gateway\.port'.*integer.*string/ },
  { name: "a fraction", config: { gateway: { port: 1.5 } }, says: /'gateway\.port'.*integer/ },
  {
    name: "a text for a switch",
    config: { gateway: { http: { endpoints: { docs: { enabled: "no" } } } } },
    says: /docs\.enabled'.*boolean/,
  },
  { name: "a number too large", config: { gateway: { port: 65_536 } }, says: /'gateway\.port'.*65535/ },
  {
    name: "another word",
    config: auth({ mode: "tokn" }),
    says: /'gateway\.auth\.mode'.*'token', 'password', 'trusted-proxy', 'none'/,
  },
  { name: "an id with a colon", config: agents({ id: "a:b" }), says: /'agents\.list\[0\]\.id'/ },
  {
    name: "a model without a provider",
    config: { agents: { defaults: { model: "gpt-4o" } } },
    says: /'agents\.defaults\.model'/,
  },
  { name: "a list", config: [], says: /config\.json5: .*object.*array/ },
  { name: "null", config: null, says: /config\.json5: .*object.*null/ },
  {
    name: "a variable that is not set",
    config: auth({ token: "${NO_SUCH}" }),
    says: /config\.json5: line 1, column \d+: gateway\.auth\.token .*NO_SUCH/,
  },
  {
    name: "a variable that is a number",
    config: { gateway: { port: "${PORT}" } },
    environment: { PORT: "80" },
    says: /port/,
  },
  {
    name: "an unusable token",
    config: auth({ token: "changeme" }),
    says: /config\.json5: line 1, column \d+: gateway\.auth\.token /,
  },
  {
    name: "a weak token of the environment on the network",
    config: { gateway: { bind: "lan" } },
    environment: { OPENCLAW_GATEWAY_TOKEN: "weak" },
    says: /config\.json5: line 1, column \d+: gateway\.auth\.token /,
  },
  { name: "a port that is none", environment: { OPENCLAW_GATEWAY_PORT: "80x" }, says: /^OPENCLAW_GATEWAY_PORT / },
  {
    name: "a port that is too large",
    environment: { OPENCLAW_GATEWAY_PORT: "65536" },
    says: /^OPENCLAW_GATEWAY_PORT /,
  },
  { name: "an error of syntax", config: "{\n  a: }", says: /config\.json5: line 2, column 6: / },
  { name: "an empty file", config: "", says: /config\.json5: line 1/ },
];
test.each(refused)("$name is refused in one sentence that says where", ({ config = {}, environment, says }) => {
  const refusal = (): unknown => load(config, environment);
  expect(refusal).toThrow(ConfigError);
  expect(refusal).toThrow(says);
  expect(refusal).toThrow(/^[^\n]+$/);
});

describe("what is loaded", () => {
  test("is JSON5, with the defaults filled in", () => {
    const { config, path, folder: from, stateFolder } = load("{ gateway: { port: 0x10, }, } // comment");
    expect({ path, from, stateFolder }).toEqual({
      path: join(folder, "config.json5"),
      from: folder,
      stateFolder: folder,
    });
    expect(config).toEqual(parseConfig({ gateway: { port: 16 } }));
    expect(config.gateway).toMatchObject({ bind: "loopback", auth: { mode: "token" }, drainMs: 30_000 });
    expect(config.gateway.http.endpoints.chatCompletions).toMatchObject({ enabled: false, strict: false });
  });

  test("without a file is the defaults", () => {
    const { config, path } = loadConfig({ environment: { OPENCLAW_STATE_DIR: folder }, cwd: join(folder, "nowhere") });
    expect(path).toBeUndefined();
    expect(config).toEqual(parseConfig({}));
  });

  const token = (place: string): string => `token-of-the-${place}-0123456789`;
  const overridden: readonly {
    readonly config: object;
    readonly environment: Record<string, string>;
    readonly want: object;
  }[] = [
    { config: { gateway: { port: 1 } }, environment: { OPENCLAW_GATEWAY_PORT: "0" }, want: { port: 0 } },
    { config: { gateway: { port: 1 } }, environment: { OPENCLAW_GATEWAY_PORT: "" }, want: { port: 1 } },
    {
      config: auth({ token: token("file") }),
      environment: { OPENCLAW_GATEWAY_TOKEN: token("env") },
      want: { auth: { token: token("env") } },
    },
    {
      config: auth({ token: token("file") }),
      environment: { OPENCLAW_GATEWAY_TOKEN: "" },
      want: { auth: { token: token("file") } },
    },
    {
      config: auth({ mode: "password", password: "file" }),
      environment: { OPENCLAW_GATEWAY_PASSWORD: "env" },
      want: { auth: { mode: "password", password: "env" } },
    },
    { config: {}, environment: { OPENCLAW_GATEWAY_PASSWORD: "env" }, want: { auth: { mode: "token" } } },
  ];
  test.each(overridden)("of $config under $environment has $want", ({ config, environment, want }) => {
    expect(load(config, environment).config.gateway).toMatchObject(want);
    expect(load({}, {}).config).toEqual(parseConfig({}));
  });
});
