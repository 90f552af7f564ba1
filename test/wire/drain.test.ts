import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { countRows } from "../rows.fixture.ts";
import { hold, readEvents, say, untilLive, type Ask } from "../talk.fixture.ts";

const drain = (drainMs: number): object => ({ config: { gateway: { drainMs } } });

test("a stream that runs when the gateway stops is finished, and stop waits for it", async () => {
  const gateway = await startTestGateway(drain(15_000));
  const answer = say(gateway, "@@words 20 delay=25ms", { body: { stream: true, user: "ada" } });
  await untilLive(gateway, 1);
  await gateway.stop();
  const { text, finishReason, error } = await answer;
  expect({ words: text.split(" ").length, finishReason, error }).toEqual({ words: 20, finishReason: "stop" });
  expect(countRows(gateway.stateFolder)).toEqual({ sessions: 1, messages: 2, leases: 0 });
});

test("a whole answer that runs when the gateway stops is finished", async () => {
  const gateway = await startTestGateway(drain(15_000));
  const answer = say(gateway, "@@words 20 delay=25ms");
  await untilLive(gateway, 1);
  await gateway.stop();
  expect((await answer).text).toMatch(/^word0 .* word19$/);
});

test("while it stops, new calls are told to come back, and health is still answered", async () => {
  const gateway = await startTestGateway(drain(15_000));
  const { leave } = await hold(gateway);
  const stopped = gateway.stop();
  for (const stream of [false, true]) {
    const { status, error, headers } = await say(gateway, "hi", { body: { stream } });
    expect({ status, code: error?.code }).toEqual({ status: 503, code: "shutting_down" });
    expect(headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
    expect(headers.has("x-should-retry")).toBe(false);
  }
  expect((await gateway.request("/v1/models")).status).toBe(503);
  expect((await gateway.request("/readyz")).status).toBe(503);
  expect((await gateway.request("/healthz")).status).toBe(200);
  expect((await gateway.fetch(`${gateway.url}/v1/models`)).status).toBe(401);
  await leave();
  await stopped;
  await expect(fetch(`${gateway.url}/healthz`)).rejects.toThrow(/fetch failed/);
});

test("a stream that hangs is cut after drainMs: an error is its last event, and stop resolves", async () => {
  const gateway = await startTestGateway(drain(200));
  const body = {
    model: "openclaw",
    stream: true,
    user: "ada",
    messages: [{ role: "user", content: "@@echo a b\n@@hang" }],
  };
  const response = await gateway.chat(body);
  const began = performance.now();
  const stopped = gateway.stop();
  const text = await response.text();
  await stopped;
  expect(performance.now() - began).toBeLessThan(10_000);
  const events = readEvents(text);
  expect(events.at(-1)).toMatchObject({ error: { code: "shutting_down", type: "server_error", param: null } });
  expect(text).not.toContain("[DONE]");
  expect(text).not.toMatch(/"finish_reason":"/);
  expect(countRows(gateway.stateFolder)).toEqual({ sessions: 0, messages: 0, leases: 0 });
});

const cut: readonly { readonly name: string; readonly text: string; readonly ask: Ask }[] = [
  { name: "a whole answer", text: "@@echo a\n@@hang", ask: { body: { user: "ada" } } },
  { name: "a stream before its status", text: "@@delay 60s", ask: { body: { stream: true, user: "ada" } } },
];
test.each(cut)("$name that hangs is cut after drainMs with 503, and shall not be repeated", async ({ text, ask }) => {
  const gateway = await startTestGateway(drain(100));
  const answer = say(gateway, text, ask);
  await untilLive(gateway, 1);
  await gateway.stop();
  const { status, error, headers } = await answer;
  expect({ status, code: error?.code }).toEqual({ status: 503, code: "shutting_down" });
  expect(headers.get("x-should-retry")).toBe("false");
  expect(countRows(gateway.stateFolder)).toEqual({ sessions: 0, messages: 0, leases: 0 });
});

test("a call that waits for its session is cut too", async () => {
  const gateway = await startTestGateway(drain(100));
  await hold(gateway, { body: { user: "ada" } });
  const waiting = say(gateway, "hi", { body: { user: "ada" } });
  await untilLive(gateway, 2);
  await gateway.stop();
  expect(await waiting).toMatchObject({ status: 503, error: { code: "shutting_down" } });
});
