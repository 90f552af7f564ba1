import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { misbehave } from "../../src/tool/mcp/tool-servers.fixture.ts";
import { createPlace, run, startCommand, type StartedGateway, usual } from "../command.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";

/** Each is looked for in everything that the gateway says and writes. */
const secrets = {
  token: "canary-token-1f9b7c3d5e7a9b1c",
  nextToken: "canary-next-2f9b7c3d5e7a9b1c",
  wrongToken: "canary-wrong-3f9b7c3d5e7a9b1c",
  providerKey: "canary-provider-4f9b7c3d5e7a9b",
  providerHeader: "canary-header-5f9b7c3d5e7a9b1c",
  toolVariable: "canary-variable-6f9b7c3d5e7a9b",
  toolArgument: "canary-argument-7f9b7c3d5e7a9b",
  addressQuery: "canary-query-8f9b7c3d5e7a9b1c",
};
const word = "canary-word-9f9b7c3d5e7a9b1c";

/** A secret as it is, and as it travels. */
function toForms(secret: string): string[] {
  const [plain, header] = [Buffer.from(secret), Buffer.from(`Bearer ${secret}`)];
  const bases = [plain, header].flatMap((bytes) => [bytes.toString("base64"), bytes.toString("hex")]);
  return [secret, encodeURIComponent(`=${secret}`), secret.split("").toReversed().join(""), ...bases];
}

function expectNone(text: string, hidden: readonly string[], where: string): void {
  for (const secret of hidden)
    for (const form of toForms(secret)) expect(text.includes(form), `${secret} in ${where}`).toBe(false);
}

const endpoints = { chatCompletions: { enabled: true }, sessions: { enabled: true } };

/** An upstream that tells everybody its key, in the ways in which servers fail. */
async function toConfig(token: unknown): Promise<object> {
  const { providerKey } = secrets;
  const told = { message: `The key ${providerKey} is wrong.` };
  const refusing = await startUpstream("openai-chat", [{ status: 401, body: { error: told } }]);
  const breaking = await startUpstream("openai-chat", [{ text: "Hm." }, { error: told }]);
  const provider = ({ baseUrl }: { readonly baseUrl: string }): object => ({
    api: "openai-completions",
    baseUrl,
    apiKey: "${CANARY_KEY}",
    headers: { "x-other-key": secrets.providerHeader },
  });
  return {
    ...usual,
    gateway: { ...usual.gateway, http: { endpoints }, log: { level: "trace" }, auth: { token } },
    models: { providers: { refusing: provider(refusing), breaking: provider(breaking), ...usual.models.providers } },
    mcp: {
      servers: {
        fixture: { ...misbehave("plain"), env: { API_KEY: secrets.toolVariable } },
        dead: { command: "/nowhere/at-all", args: ["--token", secrets.toolArgument] },
        away: { url: `http://127.0.0.1:9/mcp?key=${secrets.addressQuery}` },
      },
    },
    agents: {
      defaults: { model: "embedded/assistant" },
      list: [
        { id: "main", default: true, tools: { fixture: ["*"], dead: ["*"], away: ["*"] } },
        { id: "refused", model: "refusing/small" },
        { id: "broken", model: { primary: "refusing/small", fallbacks: ["breaking/small"] } },
      ],
    },
  };
}

const bodies: readonly object[] = [
  { messages: [{ role: "user", content: word }], user: "ada" },
  { messages: [{ role: "user", content: `@@echo ${word}` }], stream: true, user: "ada" },
  { messages: [{ role: "user", content: `@@tool fixture__say {"text":"${word}"}\n@@then {result}` }] },
  { messages: [{ role: "user", content: `@@tool fixture__exit {"text":"${word}"}\n@@then {result}` }] },
  { messages: [{ role: "user", content: `@@tool dead__say {"text":"${word}"}\n@@then {result}` }] },
  { messages: [{ role: "user", content: "@@fail" }], stream: true },
  { messages: [{ role: "user", content: word }], model: "openclaw/refused" },
  { messages: [{ role: "user", content: word }], model: "openclaw/broken", stream: true },
  { messages: [{ role: word, content: word }] },
  { messages: word, model: word },
];

/** Everything that clients see. */
async function callEverything({ url, fetch, chat }: StartedGateway, token: string): Promise<string> {
  const seen: string[] = [];
  const look = async (answer: Response): Promise<void> => {
    seen.push(JSON.stringify([...answer.headers]), await answer.text());
  };
  // oxlint-disable no-await-in-loop -- one after the other, so that a failure is easy to find
  for (const body of bodies) await look(await chat({ model: "openclaw", ...body }));
  for (const key of [secrets.wrongToken, token]) {
    const headers = { authorization: `Bearer ${key}` };
    for (const path of ["/v1/models", "/v1/nope", "/metrics", "/readyz", "/v1/sessions"])
      await look(await fetch(url + path, { headers }));
    await look(await fetch(`${url}/v1/models?token=${key}`));
    await look(await fetch(`${url}/v1/models`, { headers: { cookie: `token=${key}`, "x-api-key": key } }));
    const half = `{"token":"${key}","messages":[`;
    await look(await fetch(`${url}/v1/chat/completions`, { method: "POST", headers, body: half }));
    await look(await fetch(`${url}/v1/models`, { headers: { authorization: `Basic ${btoa(`u:${key}`)}` } }));
  }
  // oxlint-enable no-await-in-loop
  return seen.join("\n");
}

test("no secret is in an answer, the log, the audit, the metrics, a file or what commands print, at any level", async () => {
  const place = createPlace({
    config: await toConfig({ file: "secret" }),
    environment: { CANARY_KEY: secrets.providerKey },
  });
  writeFileSync(join(place.folder, "secret"), secrets.token);
  const gateway = await startCommand(place, secrets.token);
  const hidden = Object.values(secrets);
  const answers = await callEverything(gateway, secrets.token);
  expectNone(answers, hidden, "answers");
  expect(answers).toContain(word);

  // With a secret at every place where a mistake could be quoted.
  const path = place.environment["OPENCLAW_CONFIG_PATH"] ?? "";
  const broken = [
    `{ gateway: { auth: { token: "${secrets.nextToken}" `,
    `{ gateway: { auth: { token: ["${secrets.nextToken}"] } } }`,
    `{ gateway: { auth: { token: "${secrets.nextToken} ä" } } }`,
    `{ gateway: { auth: { mode: "password", token: "${secrets.nextToken}" } } }`,
  ];
  for (const text of broken) {
    writeFileSync(path, text);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { status, output, notes } = await run(place, ["reload"]);
    expect(status).toBe(2);
    expectNone(output + notes, hidden, "what a refused reload says");
  }
  writeFileSync(path, JSON.stringify(await toConfig({ file: "secret" })));
  for (const args of [["config"], ["doctor"], ["reload"]]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { output, notes } = await run(place, args);
    expectNone(output + notes, hidden, `what ${args[0]} prints`);
  }

  const { output, notes } = await gateway.stop();
  expectNone(output + notes, [...hidden, word], "the log");
  expect(notes).toContain('"level":50');
  for (const name of readdirSync(place.stateFolder)) {
    const text = readFileSync(join(place.stateFolder, name), "latin1");
    // What was said is kept in the sessions, and nowhere else.
    expectNone(text, name.startsWith("sessions") ? hidden : [...hidden, word], name);
  }
});
