import { describe, expect, it, test } from "vitest";
import { errorCodes, type ErrorCode } from "../../src/base/contract.ts";
import { testToken } from "../gateway.fixture.ts";
import { type Sdk, sdks } from "../sdk/clients.fixture.ts";
import { assertNoLeak, modes, startUpstreamTest } from "./upstream.fixture.ts";
import { type Fault, streamHead, toAnswer, toChunk, toSaid, toWhole } from "./servers/fault.fixture.ts";

const secret = "upstream-secret sk-of-the-provider at https://internal.example";
const fields = (retryAfter: number | string): string[] => [
  `retry-after: ${retryAfter}`,
  'www-authenticate: Bearer realm="upstream-secret"',
  "set-cookie: a=upstream-secret",
  "location: /upstream-secret",
  "x-request-id: upstream-secret",
];

interface Row {
  readonly status: number;
  readonly body?: object;
  readonly code: ErrorCode;
  readonly param?: string;
  readonly error: keyof Sdk["errors"];
  /** How often the upstream is asked for one call. */
  readonly asked: 1 | 2;
}

const rejected = { code: "upstream_rejected", error: "InternalServerError", asked: 1 } as const;
const failed = { code: "upstream_error", error: "InternalServerError", asked: 2 } as const;
const busy = { code: "upstream_unavailable", error: "InternalServerError", asked: 2 } as const;
const late = { code: "upstream_timeout", error: "InternalServerError" } as const;
const wrong = { status: 400, error: "BadRequestError", asked: 1 } as const;

const rows: readonly Row[] = [
  ...[201, 204, 301, 302, 304, 307, 400, 401, 402, 403, 404, 405, 413, 422].map((status) => ({ status, ...rejected })),
  { status: 408, ...late, asked: 2 },
  { status: 409, ...failed },
  { status: 429, code: "rate_limit_exceeded", error: "RateLimitError", asked: 2 },
  { status: 500, ...failed },
  { status: 502, ...failed },
  { status: 503, ...busy },
  { status: 504, ...late, asked: 1 },
  { status: 529, ...busy },
  { ...wrong, body: { code: "context_length_exceeded" }, code: "context_length_exceeded", param: "messages" },
  { ...wrong, body: { param: "temperature" }, code: "unsupported_value", param: "temperature" },
];

describe.concurrent("an upstream that answers", () => {
  it.each(rows)("$status $body is $code for the client, without a word of the upstream's", async (row) => {
    const { status, body = {}, code, param = null, error, asked } = row;
    const answer = toWhole({ error: { message: secret, type: "x", ...body } }, fields(0), `${status} Whatever`);
    // Neither of the two has a body.
    const bodiless = status === 204 || status === 304 ? answer.slice(0, answer.indexOf("\r\n\r\n") + 4) : answer;
    const started = await startUpstreamTest((socket) => socket.write(bodiless));
    const { upstream, gateway, ask } = started;
    for (const { stream } of modes) {
      const before = upstream.calls.length;
      const talk = await ask("Hi", stream);
      expect(talk).toMatchObject({ status: errorCodes[code].status, text: "", error: { code, param } });
      expect(upstream.calls.length - before).toBe(asked);
      assertNoLeak(started, talk);
    }
    const [sdk] = sdks;
    if (sdk === undefined) throw new Error("there is no SDK");
    const { baseUrl, fetch } = gateway;
    const client = sdk.createClient({ baseURL: baseUrl, apiKey: testToken, maxRetries: 0, logLevel: "off", fetch });
    const call = { model: "openclaw", messages: [{ role: "user" as const, content: "Hi" }], temperature: 0 };
    const seen: unknown = await client.chat.completions.create(call).catch((thrown: unknown) => thrown);
    expect(seen).toBeInstanceOf(sdk.errors[error]);
    expect(seen).toMatchObject({ code, param });
    expect(JSON.stringify(seen)).not.toContain("upstream-secret");
    expect(JSON.stringify(gateway.log)).not.toContain("upstream-secret");
  });

  it.each([
    [1, "1"],
    [20, "20"],
    [86_400, "30"],
    ["Fri, 01 Jan 2999 00:00:00 GMT", "30"],
    ["nonsense", "1"],
  ])("429 with retry-after %s tells the client %s", async (given, want) => {
    const answer = toWhole({ error: {} }, fields(given), "429 Slow");
    const { ask } = await startUpstreamTest((socket) => socket.write(answer));
    const { status, headers } = await ask("Hi", true);
    expect({ status, retryAfter: headers.get("retry-after") }).toEqual({ status: 429, retryAfter: want });
  });

  it("429 for a spent quota tells the SDK not to try again", async () => {
    const answer = toWhole({ error: { code: "insufficient_quota" } }, [], "429 Spent");
    const { ask, upstream } = await startUpstreamTest((socket) => socket.write(answer));
    expect((await ask("Hi", false)).headers.get("x-should-retry")).toBe("false");
    expect(upstream.calls).toHaveLength(1);
  });

  it("an error whose body never ends is told within the time for that", async () => {
    const head = "HTTP/1.1 401 No\r\ncontent-type: application/json\r\ncontent-length: 99999\r\n\r\n";
    const { ask } = await startUpstreamTest((socket) => socket.write(`${head}{"error":`));
    const startedAt = performance.now();
    expect(await ask("Hi", false)).toMatchObject({ status: 502, error: { code: "upstream_rejected" } });
    // The times for an answer are minutes.
    expect(performance.now() - startedAt).toBeLessThan(20_000);
  });
});

const first: (fault: Fault) => Fault = (fault) => (socket, call) =>
  call.count === 0 ? fault(socket, call) : socket.write(toAnswer("at last"));

describe.concurrent.each(modes)("a call, $mode, that fails once", ({ stream }) => {
  it.each<[when: string, fault: Fault]>([
    ["by a status", (socket) => socket.write(toWhole({ error: {} }, ["retry-after: 0"], "503 Busy"))],
    ["by a reset before any byte", (socket) => socket.resetAndDestroy()],
    ["by an end before any byte", (socket) => socket.end()],
  ])("%s is made once more, and answered", async (_, fault) => {
    const { ask, upstream } = await startUpstreamTest(first(fault));
    expect(await ask("Hi", stream)).toMatchObject({ text: "at last", finishReason: "stop", error: undefined });
    expect(upstream.calls).toHaveLength(2);
    expect(upstream.calls[1]?.messages).toEqual([{ role: "user", content: "Hi" }]);
  });

  it.each<[when: string, fault: Fault]>([
    ["after its head", (socket) => socket.end(streamHead)],
    ["after its first byte", (socket) => socket.end(`${streamHead}${toChunk(":")}`)],
    ["after its first word", (socket) => socket.end(`${streamHead}${toChunk(toSaid("so far"))}`)],
  ])("%s is never made again", async (_, fault) => {
    const { ask, upstream } = await startUpstreamTest(first(fault));
    expect(await ask("Hi", stream)).toMatchObject({ finishReason: null, error: { code: "upstream_error" } });
    expect(upstream.calls).toHaveLength(1);
  });
});

test("a call that always fails is made twice", async () => {
  const { ask, upstream } = await startUpstreamTest((socket) => socket.resetAndDestroy());
  expect(await ask("Hi", false)).toMatchObject({ status: 502 });
  expect(upstream.calls).toHaveLength(2);
});
