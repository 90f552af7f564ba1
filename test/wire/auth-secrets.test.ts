import { expect, test } from "vitest";
import { startTestGateway, testToken, type TestGateway } from "../gateway.fixture.ts";

const chat = "/v1/chat/completions";
const wrongToken = "wrong-credential-9876543210";
const spoken = "a-text-that-nobody-else-may-read";

/** Everything that a client can see of an answer. */
async function look(response: Response): Promise<string> {
  return JSON.stringify([...response.headers]) + (await response.text());
}

const bodies: readonly string[] = [
  JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: spoken }] }),
  JSON.stringify({ model: "openclaw", stream: true, messages: [{ role: "user", content: `@@echo ${spoken}` }] }),
  JSON.stringify({ model: "openclaw", user: "ada", messages: [{ role: "user", content: "@@fail" }] }),
  JSON.stringify({ model: "openclaw", stream: true, messages: [{ role: "user", content: "@@fail after=1" }] }),
  JSON.stringify({ model: "openclaw", messages: [{ role: "user", content: `@@crash ${spoken}` }] }),
  JSON.stringify({ model: "nobody", messages: [{ role: "user", content: spoken }] }),
  JSON.stringify({ messages: [{ role: "user", content: spoken }] }),
  `{"messages":[{"role":"user","content":"${spoken}`,
  "",
];

async function callEverything({ request, url, fetch }: TestGateway): Promise<string[]> {
  const headers = { "content-type": "application/json" };
  const answers = [];
  for (const body of bodies) answers.push(await look(await request(chat, { method: "POST", headers, body })));
  for (const path of ["/v1/models", "/v1/nope", chat, "/healthz", "/readyz", "/metrics", "/openapi.json", "/docs"]) {
    answers.push(await look(await request(path)));
    answers.push(await look(await fetch(`${url}${path}`, { headers: { authorization: `Bearer ${wrongToken}` } })));
  }
  for (const host of ["evil.example", "127.0.0.1"]) {
    answers.push(await look(await request("/v1/models", { headers: { origin: `http://${host}` } })));
  }
  return answers;
}

test("no answer holds the token, nor the credential that was refused", async () => {
  const gateway = await startTestGateway({ expectErrors: true });
  for (const answer of await callEverything(gateway)) {
    expect(answer).not.toContain(testToken);
    expect(answer).not.toContain(wrongToken);
  }
});

test("no line of the log holds a credential or a message, not even that of a defect", async () => {
  const gateway = await startTestGateway({ expectErrors: true });
  const answers = await callEverything(gateway);
  const lines = gateway.log.map((line) => JSON.stringify(line));
  expect(lines.length).toBeGreaterThanOrEqual(answers.length);
  const defect = lines.findIndex((line) => line.includes('"code":"internal_error"'));
  expect(defect).toBeGreaterThan(-1);
  for (const [index, line] of lines.entries()) {
    expect(line).not.toContain(testToken);
    expect(line).not.toContain(wrongToken);
    // The text of a defect's error is what the log is for.
    if (index !== defect) expect(line).not.toContain(spoken);
  }
});

test("the client of a defect is told the request id that the log has, and nothing of the defect", async () => {
  const { chat: call, log } = await startTestGateway({ expectErrors: true });
  const response = await call({ model: "openclaw", messages: [{ role: "user", content: `@@crash ${spoken}` }] });
  expect(response.status).toBe(500);
  const text = await response.text();
  expect(text).not.toMatch(new RegExp(`${spoken}|\\.ts|/work|at `));
  const line = log.find(({ code }) => code === "internal_error");
  expect(line).toMatchObject({ requestId: response.headers.get("x-request-id") });
  expect(JSON.stringify(line)).toContain(spoken);
});
