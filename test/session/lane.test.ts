import { expect, test } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { countRows, readRows } from "../rows.fixture.ts";
import { hold, liveRuns, say, seen, untilLive, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };
const adaKey = "agent:main:openai-user:ada";
const five = ["1", "2", "3", "4", "5"];

test("five calls at once on a new user are all answered, and each sees the earlier ones whole", async () => {
  const gateway = await startTestGateway();
  const answers = await Promise.all(
    five.map((name, index) => say(gateway, `@@messages ${name}`, { body: { user: "ada", stream: index % 2 === 0 } })),
  );
  expect(answers.map(({ status, error }) => ({ status, error }))).toEqual(five.map(() => ({ status: 200 })));
  const rows = readRows(gateway.stateFolder, adaKey);
  expect(rows).toHaveLength(10);
  const views = answers.map(({ text }) => JSON.parse(text) as object[]).toSorted((a, b) => a.length - b.length);
  expect(views.map((view) => view.length)).toEqual([1, 3, 5, 7, 9]);
  for (const view of views.slice(0, -1)) expect(views.at(-1)?.slice(0, view.length)).toEqual(view);
  const asked = rows.filter((row) => row.startsWith("user: "));
  expect(asked.toSorted()).toEqual(five.map((name) => `user: @@messages ${name}`));
});

test("calls that wait for their session run in the order of arrival", async () => {
  const gateway = await startTestGateway();
  const { leave } = await hold(gateway, ada);
  const answers = [];
  for (const [index, name] of five.entries()) {
    answers.push(say(gateway, `@@echo ${name}`, { body: { user: "ada", stream: index % 2 === 0 } }));
    await untilLive(gateway, index + 2);
  }
  expect(countRows(gateway.stateFolder).messages).toBe(0);
  await leave();
  expect((await Promise.all(answers)).map(({ text }) => text)).toEqual(five);
  const want = five.flatMap((name) => [`user: @@echo ${name}`, `assistant: ${name}`]);
  expect(readRows(gateway.stateFolder, adaKey)).toEqual(want);
});

test("another session, another agent and stateless calls do not wait", async () => {
  const gateway = await startTestGateway();
  const { leave } = await hold(gateway, ada);
  const others: readonly Ask[] = [{}, { body: { user: "bob" } }, { body: { user: "ada", model: "agent:beta" } }];
  for (const ask of others) expect((await say(gateway, "@@echo here", ask)).text).toBe("here");
  expect(await liveRuns(gateway)).toBe(1);
  await leave();
});

test.each([false, true])("one call more than may wait is 429 session_busy at once (stream: %s)", async (stream) => {
  const waitMs = 20_000;
  const gateway = await startTestGateway({ config: { sessions: { lane: { waitingMax: 2, waitMs } } } });
  const { leave } = await hold(gateway, ada);
  const waiting = [say(gateway, "@@echo a", ada), say(gateway, "@@echo b", ada)];
  await untilLive(gateway, 3);
  const began = performance.now();
  const { status, error, headers } = await say(gateway, "hi", { body: { user: "ada", stream } });
  // Whoever has waited too long is told the same.
  expect(performance.now() - began).toBeLessThan(waitMs / 2);
  expect(status).toBe(429);
  expect(error).toMatchObject({ code: "session_busy", type: "rate_limit_error" });
  expect(headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
  expect(headers.has("x-should-retry")).toBe(false);
  await leave();
  const answered = (await Promise.all(waiting)).map(({ text }) => text);
  expect(answered.toSorted()).toEqual(["a", "b"]);
  await untilLive(gateway, 0);
});

test.each([false, true])("a call that has waited too long is 429 session_busy (stream: %s)", async (stream) => {
  const gateway = await startTestGateway({ config: { sessions: { lane: { waitMs: 100 } } } });
  const { leave } = await hold(gateway, ada);
  const { status, error, headers } = await say(gateway, "hi", { body: { user: "ada", stream } });
  expect({ status, code: error?.code }).toEqual({ status: 429, code: "session_busy" });
  expect(headers.get("retry-after")).toMatch(/^[1-9]\d?$/);
  await leave();
  // Else this call waits too, on a busy machine for longer than it may.
  await untilLive(gateway, 0);
  expect(await seen(gateway, ada)).toEqual(["user: @@messages"]);
});

test("a client that leaves while it waits gives up its place, and the next one runs", async () => {
  const gateway = await startTestGateway({ config: { sessions: { lane: { waitMs: 3_000 } } } });
  const { leave } = await hold(gateway, ada);
  const leaving = new AbortController();
  const gone = gateway.request("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ model: "openclaw", user: "ada", messages: [{ role: "user", content: "gone" }] }),
    signal: leaving.signal,
  });
  await untilLive(gateway, 2);
  const next = say(gateway, "@@echo next", ada);
  await untilLive(gateway, 3);
  leaving.abort();
  await expect(gone).rejects.toThrow(/abort/);
  await untilLive(gateway, 2);
  await leave();
  expect((await next).text).toBe("next");
  expect(readRows(gateway.stateFolder, adaKey)).toEqual(["user: @@echo next", "assistant: next"]);
});
