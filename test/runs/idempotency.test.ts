import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, test as plain } from "vitest";
import { createGatewayTest, startTestGateway } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { untilLive, type Ask } from "../talk.fixture.ts";
import { exchange, toRequest } from "../wire/socket.fixture.ts";
import { ask, codeOf, findRun, toEvents, toRunId, toText, type Gateway, untilState } from "./runs.fixture.ts";

const test = createGatewayTest({});

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly runId: string | null;
  readonly replayed: string | null;
  readonly retry: string | null;
}

async function send({ chat }: Gateway, key: string, content: string, { body, headers }: Ask = {}): Promise<Answer> {
  const response = await chat(...ask(content, { body: body ?? {}, headers: { "idempotency-key": key, ...headers } }));
  const { status, headers: given } = response;
  return {
    status,
    text: await response.text(),
    runId: given.get("x-openclaw-run-id"),
    replayed: given.get("idempotency-replayed"),
    retry: given.get("x-should-retry"),
  };
}

describe.each([false, true])("a call with an Idempotency-Key (stream: %s)", (stream) => {
  test("is run once, and answered with the same bytes as often as it is sent", async ({ gateway }) => {
    const user = `bytes ${stream}`;
    const again = (): Promise<Answer> => send(gateway, user, "@@words 40", { body: { user, stream } });
    const first = await again();
    expect(first).toMatchObject({ status: 200, replayed: null });
    for (const _ of [1, 2]) expect(await again()).toEqual({ ...first, replayed: "true" });
    expect(readRows(gateway.stateFolder, `agent:main:openai-user:${user}`)).toHaveLength(2);
  });

  test("is run once by two clients at once, and both have its answer", async ({ gateway }) => {
    const user = `two ${stream}`;
    const both = await Promise.all(
      [1, 2].map(() => send(gateway, user, "@@words 20 delay=5ms", { body: { user, stream } })),
    );
    const [one, other] = both;
    expect(one?.text).toBe(other?.text);
    expect(one?.runId).toBe(other?.runId);
    expect(both.map(({ replayed }) => replayed)).toContain(null);
    expect(both.map(({ replayed }) => replayed)).toContain("true");
    expect(readRows(gateway.stateFolder, `agent:main:openai-user:${user}`)).toHaveLength(2);
  });

  test("goes on while anybody who asked for it is there, and ends when the last has left", async ({ gateway }) => {
    const begin = async (user: string, content: string, signal: AbortSignal): Promise<Response> => {
      const [body] = ask(content, { body: { user, stream: true } });
      const headers = { "content-type": "application/json", "idempotency-key": user };
      return gateway.request("/v1/chat/completions", { method: "POST", headers, body: JSON.stringify(body), signal });
    };
    const [stays, goes] = [`stays ${stream}`, `goes ${stream}`];
    const leaving = new AbortController();
    const first = await begin(stays, "@@words 40 delay=10ms", leaving.signal);
    const second = await begin(stays, "@@words 40 delay=10ms", new AbortController().signal);
    leaving.abort();
    expect(toText(toEvents(await second.text()))).toMatch(/^word0 .* word39$/);
    expect((await findRun(gateway, toRunId(first))).state).toBe("completed");

    const [one, two] = [new AbortController(), new AbortController()];
    const gone = await begin(goes, "@@echo a\n@@hang", one.signal);
    await begin(goes, "@@echo a\n@@hang", two.signal);
    one.abort();
    await expect.poll(() => gateway.log.filter(({ left }) => left === true).length, { interval: 5 }).toBe(2);
    expect((await findRun(gateway, toRunId(gone))).state).toBe("running");
    two.abort();
    await untilState(gateway, toRunId(gone), "cancelled");
    await untilLive(gateway, 0);
    // Nothing has come of it, so it may be asked for again.
    const third = await begin(goes, "@@echo a\n@@hang", AbortSignal.timeout(60_000));
    expect(toRunId(third)).not.toBe(toRunId(gone));
    await third.body?.cancel();
  });
});

describe("a key", () => {
  test.for<[what: string, content: string, ask: Ask]>([
    ["another question", "@@echo b", {}],
    ["another setting", "@@echo a", { body: { temperature: 1 } }],
    ["another mode", "@@echo a", { body: { stream: true } }],
    ["another agent", "@@echo a", { headers: { "x-openclaw-agent-id": "beta" } }],
    ["another session", "@@echo a", { headers: { "x-openclaw-session-key": "other" } }],
    ["something else to be shown", "@@echo a", { headers: { "x-clawgate-include": "tools" } }],
  ])("is a conflict for %s", async ([what, content, other], { gateway }) => {
    const first = await send(gateway, what, "@@echo a");
    const response = await gateway.chat(
      ...ask(content, { ...other, headers: { ...other.headers, "idempotency-key": what } }),
    );
    expect(response.headers.get("x-should-retry")).toBe("false");
    expect(await codeOf(response)).toEqual([409, "idempotency_conflict"]);
    expect(await send(gateway, what, "@@echo a")).toEqual({ ...first, replayed: "true" });
  });

  test("is for the same request however its fields are ordered", async ({ gateway }) => {
    const messages = [{ role: "user", content: "@@echo a" }];
    const one = { model: "openclaw", messages, temperature: 1, metadata: { a: "1", b: "2" } };
    const other = { metadata: { b: "2", a: "1" }, temperature: 1, messages, model: "openclaw" };
    const headers = { "idempotency-key": "ordered" };
    const texts = await Promise.all(
      [gateway.chat(one, headers), gateway.chat(other, headers)].map(async (sent) => (await sent).text()),
    );
    expect(texts[0]).toBe(texts[1]);
  });

  test.for(["", " ", " \t ", "\u00e9", "x".repeat(256)])(
    "that is none is refused, and not taken for no key: %j",
    async (key, { gateway }) => {
      const response = await gateway.chat(...ask("@@echo a", { headers: { "idempotency-key": key } }));
      expect(response.status).toBe(400);
      expect(await response.json()).toMatchObject({
        error: {
          code: "invalid_value",
          param: "idempotency-key",
          message: expect.stringContaining("1 to 255 characters"),
        },
      });
    },
  );

  test.for([
    ["a", "b"],
    ["a", "a"],
    ["", "a"],
    ["a", ""],
  ])("that is there twice is refused: %j and %j", async (both, { gateway }) => {
    const fields = Object.fromEntries(["Idempotency-Key", "idempotency-key"].map((name, at) => [name, both[at] ?? ""]));
    const { status, text } = await exchange(gateway.port, toRequest({ headers: { ...fields, connection: "close" } }));
    expect(status).toBe(400);
    expect(JSON.parse(text)).toMatchObject({ error: { code: "invalid_http", param: "idempotency-key" } });
  });

  test("of a run that failed says the same error again, and not to try it once more", async ({ gateway }) => {
    for (const stream of [false, true]) {
      const key = `failed ${stream}`;
      const content = "@@fail code=upstream_error after=2";
      const first = await send(gateway, key, content, { body: { stream } });
      const second = await send(gateway, key, content, { body: { stream } });
      expect(second).toMatchObject({ status: first.status, text: first.text, runId: first.runId, replayed: "true" });
      if (!stream) expect(second.retry).toBe("false");
    }
  });

  test("is free again when no model had taken the run on", async ({ gateway }) => {
    const bad = {
      body: {
        messages: [
          { role: "user", content: "hi" },
          { role: "tool", tool_call_id: "x", content: "y" },
        ],
      },
    };
    const first = await send(gateway, "free", "", bad);
    expect(first.status).toBe(400);
    const second = await send(gateway, "free", "@@echo a");
    expect(second).toMatchObject({ status: 200, replayed: null });
  });
});

plain("a key is known to the next gateway, with the same bytes", async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-key-"));
  onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
  const first = await startTestGateway({ stateFolder });
  const want = await Promise.all(
    [false, true].map((stream) => send(first, `k${stream}`, "@@words 40", { body: { stream } })),
  );
  await first.stop();
  const second = await startTestGateway({ stateFolder });
  for (const [index, stream] of [false, true].entries())
    expect(await send(second, `k${stream}`, "@@words 40", { body: { stream } })).toEqual({
      ...want[index],
      replayed: "true",
    });
  expect(await codeOf(await second.chat(...ask("@@echo other", { headers: { "idempotency-key": "kfalse" } })))).toEqual(
    [409, "idempotency_conflict"],
  );
});
