import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  createPlace,
  type Ended,
  type Place,
  type PlaceOptions,
  run,
  startCommand,
  usual,
} from "../command.fixture.ts";
import { testToken } from "../gateway.fixture.ts";
import { say } from "../talk.fixture.ts";
import { startUpstream, type Upstream } from "../upstream/servers/upstream.fixture.ts";

const key = "sk-hunter2";

/** A configuration whose only agent asks this provider. */
function toConfig(lab: object, more: object = {}): object {
  return {
    gateway: usual.gateway,
    agents: { list: [{ id: "main", default: true, model: "lab/x" }] },
    models: { providers: { lab: { api: "openai-completions", baseUrl: "http://127.0.0.1:1/v1", ...lab } } },
    ...more,
  };
}

const token = { OPENCLAW_GATEWAY_TOKEN: testToken };

function placeOf({ config, environment }: PlaceOptions): Place {
  return createPlace({ ...(config === undefined ? {} : { config }), environment: { ...token, ...environment } });
}

/** What the model server of a started gateway was sent with one call, and the warnings of the start. */
async function callUpstream(options: (upstream: Upstream) => PlaceOptions) {
  const upstream = await startUpstream("openai-chat", [{ text: "hi" }]);
  const gateway = await startCommand(placeOf(options(upstream)));
  expect(await say(gateway, "hi")).toMatchObject({ status: 200, text: "hi" });
  const { notes } = await gateway.stop();
  expect(notes).not.toContain(key);
  const warnings = notes
    .split("\n")
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Record<string, unknown>)
    .filter(({ level }) => level === 40);
  return { headers: upstream.requests[0]?.headers, warnings };
}

describe("a reference", () => {
  test("inside a text is filled in, in headers and addresses, and defaults stand in", async () => {
    const { headers } = await callUpstream(({ baseUrl }) => ({
      config: toConfig({
        baseUrl: baseUrl.replace(/^http:\/\/[^:]+/, "${SCHEME:-http}://${HOST}"),
        apiKey: "${NO_SUCH:-sk-default}",
        headers: { "x-both": "a ${KEY} $${KEY} ${NO_SUCH:-${KEY}}", "x-team": "${TEAM}" },
      }),
      environment: { HOST: "127.0.0.1", KEY: key, TEAM: "\t blue\r\n" },
    }));
    expect(headers).toMatchObject({
      authorization: "Bearer sk-default",
      "x-both": `a ${key} \${KEY} ${key}`,
      "x-team": "blue",
    });
  });

  test.each([`${key}\n`, `${key}\r\n`, ` ${key} `, `\ufeff${key}\n\n`])(
    "to a key %j is trimmed, as a file is",
    async (value) => {
      const { headers, warnings } = await callUpstream(({ baseUrl }) => ({
        config: toConfig({ baseUrl, apiKey: "${KEY}" }),
        environment: { KEY: value },
      }));
      expect(headers).toMatchObject({ authorization: `Bearer ${key}` });
      expect(warnings).toEqual([]);
    },
  );

  test("reaches what a model is told, and arguments and environments of tool servers", async () => {
    const config = {
      ...usual,
      agents: {
        list: [{ id: "main", default: true, model: "embedded/assistant", instructions: "I am ${WHO}. $${X}" }],
      },
      mcp: { servers: { x: { command: "true", args: ["--a=${WHO}"], env: { A: "${WHO}-$${B}" } } } },
    };
    const place = placeOf({ config, environment: { WHO: "hunter2" } });
    const { status, output } = await run(place, ["config"]);
    expect(status).toBe(0);
    expect(JSON.parse(output)).toMatchObject({
      agents: { list: [{ instructions: "I am <${WHO}, 7 characters>. $${X}" }] },
      mcp: { servers: { x: { args: ["--a=<${WHO}, 7 characters>"], env: { A: "<secret, 12 characters>" } } } },
    });
    expect(output).not.toContain("hunter2");
  });
});

interface Wrong extends PlaceOptions {
  readonly what: string;
  readonly says: RegExp;
}

const lab = String.raw`models\.providers\.lab\.`;
const wrong: readonly Wrong[] = [
  { what: "an unset name", config: toConfig({ headers: { a: "Bearer ${NO_SUCH}" } }), says: /headers\.a .*NO_SUCH/ },
  { what: "an unset name in a URL", config: toConfig({ baseUrl: "http://${NO_SUCH}:1" }), says: /baseUrl .*NO_SUCH/ },
  { what: "a name in other braces", config: toConfig({ apiKey: "{env:KEY}" }), says: /apiKey has what looks like/ },
  { what: "a name without braces", config: toConfig({ apiKey: "$KEY" }), says: /apiKey has what looks like/ },
  { what: "an open brace", config: toConfig({ apiKey: "${KEY" }), says: /apiKey has a '\$\{'/ },
  { what: "a prefix in braces", config: toConfig({ headers: { a: "${env:KEY}" } }), says: /headers\.a has a '\$\{'/ },
  { what: "a host without braces", config: toConfig({ baseUrl: "http://$HOST:1/v1" }), says: /baseUrl has what looks/ },
  { what: "a reference in a variable", config: toConfig({ apiKey: "${OTHER}" }), says: /apiKey .*OTHER, which holds/ },
  { what: "a line end inside a key", config: toConfig({ apiKey: "${LINES}" }), says: /apiKey cannot stand in an HTTP/ },
  { what: "a line end behind a key", config: toConfig({ apiKey: `${key}\n` }), says: /apiKey cannot stand in an HTTP/ },
  { what: "a typographic quote", config: toConfig({ apiKey: "${CURLY}" }), says: /apiKey cannot stand in an HTTP/ },
  {
    what: "a Cyrillic letter",
    config: toConfig({ headers: { a: "ключ" } }),
    says: /headers\.a cannot stand in an HTTP/,
  },
  { what: "a NUL", config: toConfig({ api: "anthropic-messages", apiKey: "a\0" }), says: /apiKey cannot stand in an/ },
  { what: "a port that is none", config: toConfig({ baseUrl: "http://a:99999/v1" }), says: /baseUrl is no address/ },
  { what: "a host that is none", config: toConfig({ baseUrl: "http://<host>/v1" }), says: /baseUrl is no address/ },
  { what: "a host in braces", config: toConfig({ baseUrl: "http://{host}/v1" }), says: /baseUrl is no address/ },
  { what: "a URL in quotation marks", config: toConfig({ baseUrl: "${QUOTED}" }), says: /baseUrl':/ },
  { what: "a URL without a scheme", config: toConfig({ baseUrl: "api.example/v1" }), says: /baseUrl':/ },
  {
    what: "an argument of a tool server",
    config: toConfig({}, { mcp: { servers: { x: { command: "x", args: ["a", "--b=$HOME/x"] } } } }),
    says: /^clawgate: mcp\.servers\.x\.args\[1\] has what looks like/,
  },
  {
    what: "a header of a tool server",
    config: toConfig({}, { mcp: { servers: { x: { url: "http://a/", headers: { a: "“x”" } } } } }),
    says: /^clawgate: mcp\.servers\.x\.headers\.a cannot stand in an HTTP header/,
  },
  {
    what: "a variable of a tool server",
    config: toConfig({}, { mcp: { servers: { x: { command: "x", env: { A: "${B C}" } } } } }),
    says: /^clawgate: mcp\.servers\.x\.env\.A has a '\$\{'/,
  },
  {
    what: "an unset name in what an agent is told",
    config: toConfig({}, { agents: { list: [{ id: "main", default: true, model: "lab/x", instructions: "${NO}" }] } }),
    says: /^clawgate: agents\.list\[0\]\.instructions .*NO,/,
  },
];
const environment = {
  KEY: key,
  OTHER: "${KEY}",
  LINES: `${key}\nsecond`,
  CURLY: `“${key}”`,
  QUOTED: '"http://127.0.0.1:1/v1"',
};
test.each(wrong)("$what stops the start with its key, and no value is shown", async ({ config, says }) => {
  const place = placeOf({ ...(config === undefined ? {} : { config }), environment });
  for (const command of ["gateway", "config", "doctor"]) {
    const { status, output, notes } = await run(place, [command]);
    expect({ command, status, output }).toEqual({ command, status: 2, output: "" });
    const told = notes.replace(/^(clawgate: )\S+config\.json5: line \d+, column \d+: /, "$1");
    expect(told).toMatch(says);
    expect(told).toMatch(says.source.startsWith("^") ? says : new RegExp(`${lab}${says.source}`));
    expect(notes).toMatch(/^clawgate: [^\n]*\n$/);
    expect(notes).not.toContain(key);
  }
});

test("a key that is only found in the environment is held to the same", async () => {
  const config = { gateway: usual.gateway, agents: { list: [{ id: "main", default: true }] } };
  const bad = await run(placeOf({ config, environment: { OPENAI_API_KEY: `“${key}”` } }), ["config"]);
  expect(bad).toMatchObject({ status: 2, output: "" });
  expect(bad.notes).toMatch(/^clawgate: OPENAI_API_KEY cannot stand in an HTTP header[^\n]*\n$/);
  const quoted = await run(placeOf({ config, environment: { OPENAI_API_KEY: `'${key}'\n` } }), ["config"]);
  expect(quoted.status).toBe(0);
  expect(quoted.notes).toMatch(/^warning: OPENAI_API_KEY is in quotation marks/m);
  expect(quoted.output).toContain(`<secret, ${key.length + 2} characters>`);
});

describe("quotation marks around a value", () => {
  const rows: readonly { readonly what: string; readonly lab: object; readonly names: string }[] = [
    { what: "of a variable", lab: { apiKey: "${KEY}" }, names: "models.providers.lab.apiKey" },
    { what: "of a variable in a text", lab: { headers: { a: "x ${KEY}" } }, names: "models.providers.lab.headers.a" },
    { what: "of a variable of `OR`", lab: { apiKey: "${NO:-${KEY}}" }, names: "models.providers.lab.apiKey" },
    { what: "of a file", lab: { apiKey: { file: "lab.key" } }, names: "models.providers.lab.apiKey" },
    { what: "of the text", lab: { headers: { a: "'x'" } }, names: "models.providers.lab.headers.a" },
    { what: "of another language", lab: { headers: { a: "«x»" } }, names: "models.providers.lab.headers.a" },
  ];
  test.each(rows)("$what are warned of by start and doctor, with the key", async ({ lab: given, names }) => {
    const options = { environment: { KEY: `"${key}"` } };
    const started = await callUpstream(({ baseUrl }) => ({
      ...options,
      config: toConfig({ baseUrl, ...given, ...toFile(given) }),
    }));
    expect(started.warnings).toEqual([
      expect.objectContaining({ key: names, problem: expect.stringMatching(/quotation mark/) as unknown }),
    ]);
    const place = placeOf({ ...options, config: toConfig({ ...given, ...toFile(given) }) });
    const examined = await run(place, ["doctor"]);
    expect(linesOf(examined, "warn")).toEqual([expect.stringContaining(`${names} `)]);
    expect(examined.output + examined.notes).not.toContain(key);
  });

  test.each([
    ["a comment behind it", `${key} # of the lab`, /white space/],
    ["a scheme before it", `Bearer ${key}`, /white space/],
    ["its own name before it", `KEY=${key}`, /begins with a name/],
    ["a quotation mark at one end", `"${key}`, /at one end/],
  ])("and a key with %s are warned of", async (_, value, says) => {
    const place = placeOf({ config: toConfig({ apiKey: "${KEY}" }), environment: { KEY: value } });
    const examined = await run(place, ["doctor"]);
    expect(linesOf(examined, "warn")).toEqual([expect.stringMatching(/models\.providers\.lab\.apiKey \(.*KEY\) /)]);
    expect(linesOf(examined, "warn")[0]).toMatch(says);
    expect(examined.output + examined.notes).not.toContain(key);
    const { notes } = await run(
      placeOf({ config: { gateway: usual.gateway }, environment: { OPENAI_API_KEY: value } }),
      ["config"],
    );
    expect(notes).toMatch(says);
  });

  test("of a token in the environment are warned of", async () => {
    const place = createPlace({ config: usual, environment: { OPENCLAW_GATEWAY_TOKEN: `"${testToken}"\n` } });
    const examined = await run(place, ["doctor"]);
    expect(linesOf(examined, "warn")).toEqual([expect.stringMatching(/gateway\.auth\.token .*OPENCLAW_GATEWAY_TOKEN/)]);
    expect(examined.output).not.toContain(testToken);
    const gateway = await startCommand(place, `"${testToken}"`);
    expect((await say(gateway, "@@agent")).status).toBe(200);
    expect((await gateway.stop()).notes).toContain('"key":"gateway.auth.token"');
  });

  test("and none are not", async () => {
    const place = placeOf({ config: usual });
    expect(linesOf(await run(place, ["doctor"]), "warn")).toEqual([]);
  });
});

/** A key in a file is in one that is there. */
function toFile(given: object): object {
  if (!JSON.stringify(given).includes("lab.key")) return {};
  const file = join(createPlace().folder, "lab.key");
  writeFileSync(file, `"${key}"\n`, { mode: 0o600 });
  return { apiKey: { file } };
}

function linesOf({ output }: Ended, state: string): string[] {
  return output.split("\n").filter((line) => line.startsWith(state));
}
