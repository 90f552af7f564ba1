import { expect, test } from "vitest";
import { createPlace, run, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { startTestGateway, testToken } from "../gateway.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";
import { isInstalled, startBalancer } from "./proxy.fixture.ts";

// Two gateways on one database, behind nginx with the file of examples/deploy/scaled: a call may reach either of them.

/** These count the runs that were cancelled, which each gateway does for itself. */
const counting = "ABRT";

const skipped = programs === undefined || !isInstalled("nginx");

const startOptions = ({ url, schema }: { url: string; schema: string }) => ({
  config: {
    gateway: {
      http: { allowedHosts: ["gateway.example"], allowedOrigins: ["https://app.example"] },
      trustedProxies: ["127.0.0.1"],
    },
    sessions: { store: { postgres: { url, schema } } },
  },
  // The suite makes models fail.
  expectErrors: true,
});

async function startPair() {
  const { url, schema, remove } = await createTestSchema();
  onEnd(remove);
  const options = startOptions({ url, schema });
  const pair = [await startTestGateway(options), await startTestGateway(options)] as const;
  const port = await startBalancer([pair[0].port, pair[1].port]);
  return { pair, baseUrl: `http://127.0.0.1:${port}/v1` };
}

async function judge(baseUrl: string, ...words: readonly string[]) {
  const place = createPlace({ config: usual, environment: { OPENAI_API_KEY: testToken } });
  const suite = ["conformance", "--base-url", baseUrl, "--profile", "gateway", "--sdk", "7", ...words];
  const { output, notes, status } = await run(place, suite);
  return { said: `${output}${notes}`, status };
}

test.skipIf(skipped)("the suite finds nothing wrong with them", async () => {
  const { baseUrl } = await startPair();
  const { said, status } = await judge(baseUrl, "--skip", counting);
  expect(said).toMatch(/\n\d{3} passed, 0 failed, \d+ skipped/);
  expect(status).toBe(0);
});

test.skipIf(skipped)("a client that leaves the proxy ends its run", async () => {
  const { url, schema, remove } = await createTestSchema();
  onEnd(remove);
  const { port } = await startTestGateway(startOptions({ url, schema }));
  const { said, status } = await judge(`http://127.0.0.1:${await startBalancer([port, port])}/v1`, "--only", counting);
  expect(said).toMatch(/\n\d+ passed, 0 failed, \d+ skipped/);
  expect(status).toBe(0);
});

test.skipIf(skipped)("one that is gone is missed by nobody", async () => {
  const { pair, baseUrl } = await startPair();
  const ask = async (user: string): Promise<string> => {
    const response = await fetch(`${baseUrl}/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${testToken}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "openclaw", user, messages: [{ role: "user", content: "@@messages" }] }),
    });
    expect(response.status).toBe(200);
    const { choices } = (await response.json()) as { choices: [{ message: { content: string } }] };
    return choices[0].message.content;
  };
  for (let turn = 0; turn < 4; turn++) await ask("ada");
  await pair[0].stop();
  const messages = JSON.parse(await ask("ada")) as unknown[];
  expect(messages).toHaveLength(9);
});
