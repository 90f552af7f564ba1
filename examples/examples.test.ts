import { spawn } from "node:child_process";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect } from "vitest";
import { loadConfig } from "../src/base/config/load.ts";
import { compileCache } from "../test/compile-cache.fixture.ts";
import { startTestGateway, testToken, test } from "../test/gateway.fixture.ts";

const folder = import.meta.dirname;

/** Runs an example as a user does, with nothing but the two variables that the SDK reads. */
async function runExample(name: string, baseUrl: string): Promise<string> {
  const child = spawn(process.execPath, [join(folder, name)], {
    env: { ...compileCache, OPENAI_BASE_URL: baseUrl, OPENAI_API_KEY: testToken },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const [output, complaints] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect(complaints).toBe("");
  return output;
}

test.for([
  ["chat.ts", "6 times 7 = 42\n"],
  ["typed-client.ts", "openclaw openclaw/default openclaw/main openclaw/beta\n6 times 7 = 42\n"],
  ["streaming.ts", "a gateway takes calls and hands them to agents.\n10 tokens\n"],
  ["tools.ts", "get_weather was called for Oslo\nget_weather returned: city: Oslo, temperature: 7, sky: clear\n"],
  [
    "session.ts",
    [
      "agent:main:openai-user:ada: I will remember that for this conversation: your name is Ada.\n",
      "agent:main:openai-user:ada: Your name is Ada.\n",
      "agent:main:openai:…: You have not told me your name in this conversation.\n",
    ].join(""),
  ],
] as const)("%s prints what it promises", async ([name, output], { gateway }) => {
  const { baseUrl } = gateway;
  expect(await runExample(name, baseUrl)).toBe(output);
});

test("session.ts says the same when its session already exists", async ({ gateway }) => {
  const { baseUrl } = gateway;
  const first = await runExample("session.ts", baseUrl);
  expect(await runExample("session.ts", baseUrl)).toBe(first);
});

test("the configuration with scenarios plays them", async () => {
  const { config } = loadConfig({ path: join(folder, "scenarios.json5"), environment: {}, cwd: folder });
  const { agents } = config;
  const providers = { embedded: { api: "embedded", scenarios: [join(folder, "scenarios.yaml")] } };
  expect(config.models.providers).toMatchObject({ embedded: { api: "embedded", scenarios: ["scenarios.yaml"] } });
  const { baseUrl, chat } = await startTestGateway({ config: { agents, models: { providers } } });

  expect(await runExample("tools.ts", baseUrl)).toBe("get_weather was called for Oslo\nIt is 7 degrees in Oslo.\n");
  const ask = (content: string, more = {}) =>
    chat({ model: "openclaw", messages: [{ role: "user", content }], ...more });
  const overloaded = await ask("overload, please");
  expect(overloaded.status).toBe(429);
  expect(overloaded.headers.get("retry-after")).toBe("2");
  expect(await (await ask("now break off", { stream: true })).text()).toMatch(/word2.*\n\ndata: \{"error":.*\n\n$/);
  expect(await (await ask("something else")).json()).toMatchObject({
    choices: [{ message: { content: "I have nothing to say to that." } }],
  });
});
