import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createFolder, type Ended, replay, run, toVerdicts } from "./recording.fixture.ts";

const key = "sk-Rr8/wQ+3nTz5-Yb6";
const cookie = "c00k1e-Hk2Lm9Pq";
/** Both lenses, raw connections, streams, refusals, and one that the server fails. */
const only = "AUTH-0*,NS-0*,SS-0*,MOD-01,SDK-01,REQ-01,REQ-24";

/** Ten lines of a server, which show its key to whoever has it. */
async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  for await (const piece of request) body += String(piece);
  const head = { "content-type": "application/json", "set-cookie": `sid=${cookie}; Path=/` };
  const say = (status: number, value: object): void => void response.writeHead(status, head).end(JSON.stringify(value));
  if (request.headers.authorization !== `Bearer ${key}`)
    return say(401, { error: { message: "Wrong key.", type: "invalid_request_error", param: null, code: null } });
  const base = { id: "chatcmpl-1", created: Math.floor(Date.now() / 1000), model: "m" };
  const from = { shown: Buffer.from(`user:${key}`).toString("base64"), place: `/?key=${encodeURIComponent(key)}` };
  if (request.method === "GET")
    return say(200, { ...from, object: "list", data: [{ id: "m", object: "model", created: 1, owned_by: "x" }] });
  if (!body.includes('"stream":true')) {
    const message = { role: "assistant", content: "one two", refusal: null };
    const choices = [{ index: 0, message, finish_reason: "stop", logprobs: null }];
    return say(200, { ...from, ...base, object: "chat.completion", choices });
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  for (const delta of [{ role: "assistant", content: "" }, { content: "one" }, { content: " two" }, {}]) {
    const finish_reason = Object.keys(delta).length === 0 ? "stop" : null;
    const chunk = { ...base, object: "chat.completion.chunk", choices: [{ index: 0, delta, finish_reason }] };
    response.write(`data: ${JSON.stringify(chunk)}\n\n`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  response.end("data: [DONE]\n\n");
}

/** A run that is recorded; its server is gone when the recording is there. */
async function record(words: readonly string[] = [], file = "wire.jsonl"): Promise<Ended & { readonly text: string }> {
  const server = createServer((request, response) => void serve(request, response).catch(() => response.destroy()));
  // The probe of the limit would wait for an answer.
  server.on("checkContinue", (_request, response: ServerResponse) => void response.writeHead(413).end());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const folder = createFolder();
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const called = ["--base-url", baseUrl, "--model", "m", "--sdk", "7,4", "--only", only, "--record", file, ...words];
  try {
    const ended = await run(folder, called, { OPENAI_API_KEY: key });
    return { ...ended, text: readFileSync(join(folder, file), "latin1") };
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** Without what names times; the calls of a case that asks in parallel may end in another order. */
function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes);
  if (typeof value !== "object" || value === null) return value;
  const kept = Object.entries(value).filter(([name]) => !/^(ms|atMs|endMs|seconds|started)$/.test(name));
  return Object.fromEntries(
    kept.map(([name, inner]) => {
      if (name === "reads") return [name, (inner as { text: string }[]).map(({ text }) => text).join("")];
      const told = withoutTimes(inner);
      return [name, name === "exchanges" ? (told as object[]).map((one) => JSON.stringify(one)).toSorted() : told];
    }),
  );
}

test(
  "a recording replays to the same report, without the server and without the key",
  { timeout: 60_000 },
  async () => {
    const recorded = await record();
    const replayed = await replay(recorded.text);
    expect(recorded.report.counts["pass"]).toBeGreaterThan(25);
    expect(recorded.report.counts["fail"]).toBeGreaterThan(0);
    expect(toVerdicts(replayed.report)).toEqual(toVerdicts(recorded.report));
    expect(withoutTimes(replayed.report)).toEqual(withoutTimes(recorded.report));
    expect(replayed.status).toBe(recorded.status);

    const { text } = recorded;
    const [bare, named] = [key, `user:${key}`].map((secret) => Buffer.from(secret).toString("base64"));
    for (const form of [key, encodeURIComponent(key), bare, named, cookie]) expect(text).not.toContain(form);
    // It was there to be hidden.
    expect(text).toContain("Set-Cookie".toLowerCase());
  },
);

/** What stands in the lines of a recording, where quotation marks are escaped. */
const quote = (text: string): string => text.replaceAll('"', String.raw`\"`);

test("changed bytes change the verdicts of their cases and no others", { timeout: 120_000 }, async () => {
  const { text, report } = await record();
  const before = toVerdicts(report);
  for (const [name, what, from, to] of [
    ["NS-03", "a word of a body", '"object":"chat.completion"', '"object":"chat.complexion"'],
    ["NS-01", "a status", "HTTP/1.1 200 OK", "HTTP/1.1 201 OK"],
    ["SS-01", "a header", "text/event-stream", "text/event-strean"],
    ["SS-03", "a word of a chunk", "chat.completion.chunk", "chat.completion.chunc"],
    ["SS-04", "the id of one chunk", "chatcmpl-1", "chatcmpl-2"],
    ["AUTH-03@7", "the status of a refusal", "HTTP/1.1 401", "HTTP/1.1 403"],
    ["MOD-01@7", "a key of a list", '"data":[', '"date":['],
  ] as const) {
    const lines = text.split("\n");
    const changed = lines.map((line) =>
      line.startsWith(`{"case":"${name}"`) ? line.replace(quote(from), quote(to)) : line,
    );
    expect(changed.join("\n"), `${what} in ${name}`).not.toBe(text);
    const after = toVerdicts((await replay(changed.join("\n"))).report);
    const differing = after.filter((line, at) => line !== before[at]);
    const [id = "", sdk = ""] = name.split("@");
    expect(differing, what).toEqual([expect.stringMatching(new RegExp(`^${id} ${sdk} ?(?:fail|warn) `))]);
  }
});

test("a request that the recording does not have is told, and nothing is guessed", { timeout: 60_000 }, async () => {
  const { text, report } = await record([], "wire.jsonl.gz");
  expect(text).not.toContain("chat/completions");
  const { status, output } = await replay(text, "wire.jsonl.gz");
  expect([status, output]).toEqual([1, expect.not.stringContaining("stale")]);
  const unpacked = (await record()).text;
  const other = unpacked.replaceAll(/("case":"SDK-01.*?"sent":"POST \/v1)/g, "$1/v2");
  const stale = await replay(other);
  const changed = stale.report.results.filter(({ verdict }) => verdict === "stale");
  expect(new Set(changed.map(({ id }) => id))).toEqual(new Set(["SDK-01"]));
  expect(changed[0]?.reason).toContain("POST /v1/chat/completions");
  expect(report.results).toHaveLength(stale.report.results.length);
});

test.for([
  ["--replay wire.jsonl --base-url http://127.0.0.1:1/v1", "--replay calls no server"],
  ["--replay none.jsonl", "Cannot read the recording none.jsonl"],
  ["--replay wire.jsonl", "wire.jsonl:2 is no line of a recording"],
])("%s is refused: %s", async ([words = "", says = ""]) => {
  const folder = createFolder();
  writeFileSync(join(folder, "report.json"), "{}");
  writeFileSync(join(folder, "wire.jsonl"), '{"recording":1,"cases":[],"subject":{}}\nnothing\n');
  const { status, output } = await run(folder, words.split(" "));
  expect(status).toBe(2);
  expect(output).toContain(says);
});

test("what a case asks after calls that it makes at once does not follow from which of them ended first", async () => {
  // Answers are held until eight wait or no more come, and the last to come is answered first.
  const waiting: ServerResponse[] = [];
  let timer: NodeJS.Timeout | undefined;
  const answerAll = (): void => {
    waiting.pop()?.writeHead(500).end();
    setTimeout(() => waiting.splice(0).forEach((response) => response.writeHead(500).end()), 50);
  };
  const server = createServer((request, response) => {
    request.resume();
    if (request.method === "GET") return void response.writeHead(404).end();
    clearTimeout(timer);
    waiting.push(response);
    if (waiting.length === 8) return answerAll();
    timer = setTimeout(answerAll, 100);
  });
  // The probe of the limit would wait for an answer.
  server.on("checkContinue", (_request, response: ServerResponse) => void response.writeHead(413).end());
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const folder = createFolder();
  const baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
  const called = ["--base-url", baseUrl, "--model", "m", "--sdk", "7", "--only", "ROB-01", "--record", "wire.jsonl"];
  const recorded = await run(folder, called, { OPENAI_API_KEY: key });
  server.closeAllConnections();
  server.close();
  // As on a busy machine, where all are read in one turn: in the order in which they were asked for.
  const text = readFileSync(join(folder, "wire.jsonl"), "latin1").replaceAll(/"at":[\d.]+/g, '"at":0');
  const replayed = await replay(text);
  expect(recorded.report.results).toMatchObject([{ id: "ROB-01", verdict: "warn" }]);
  expect(toVerdicts(replayed.report)).toEqual(toVerdicts(recorded.report));
});
