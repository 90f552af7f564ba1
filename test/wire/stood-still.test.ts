import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { createGatewayTest } from "../gateway.fixture.ts";
import { hold, seen, untilLive } from "../talk.fixture.ts";
import type { Hurried } from "./hurried.fixture.ts";
import { toChatBody, toRequest } from "./socket.fixture.ts";

const test = createGatewayTest({});

const hurry = new URL("./hurried.fixture.ts", import.meta.url);
const longMs = 700;
const briefMs = 20;

/** What the client gets that does something while the gateway stands still. */
async function hurryOn(hurried: Omit<Hurried, "moves">, untilReady?: () => Promise<unknown>): Promise<string> {
  const moves = new SharedArrayBuffer(4);
  const client = new Worker(hurry, { workerData: { ...hurried, moves } satisfies Hurried });
  onEnd(() => client.terminate());
  await once(client, "message");
  await untilReady?.();
  const text = once(client, "message") as Promise<[string]>;
  client.postMessage("go");
  // Nobody in this thread does anything, as in a process that was stopped.
  Atomics.wait(new Int32Array(moves), 0, 0);
  return (await text)[0];
}

const healthz = toRequest({ method: "GET", path: "/healthz" });
const ways = [
  ["plain", {}, {}],
  ["streamed", { stream: true }, {}],
  ["detached", { stream: true }, { "x-openclaw-detach": "true" }],
  ["with a key", {}, { "idempotency-key": "once" }],
] as const;

describe("a call that is read only when its client has left, as the gateway stood still", () => {
  test.for(
    ways.flatMap(([way, fields, headers]) =>
      (["close", "reset"] as const).flatMap((end) =>
        (["used", "not used"] as const).map((used) => ({ way, fields, headers, end, used })),
      ),
    ),
  )(
    "is not run: $way, $end, on a connection that was $used before",
    async ({ way, fields, headers, end, used }, { gateway }) => {
      const user = `left ${way} ${end} ${used}`;
      const request = toRequest({ headers, body: toChatBody("@@echo late", { user, ...fields }) });
      const first = used === "used" ? healthz : undefined;
      await hurryOn({ port: gateway.port, first, request, end, stillMs: longMs });
      await expect
        .poll(() => gateway.log.filter(({ operation }) => operation === "createChatCompletion"))
        .toHaveLength(1);
      expect(await seen(gateway, { body: { user } })).toEqual(["user: @@messages"]);
      const runs = await gateway.request(`/v1/runs?session=${encodeURIComponent(`agent:main:openai-user:${user}`)}`);
      expect(await runs.json()).toMatchObject({ data: [] });
    },
  );
});

describe("a call that waits for its session, and whose client left while the gateway stood still", () => {
  test.for(ways)("is not run: %s", async ([way, fields, headers], { gateway }) => {
    const user = `waits ${way}`;
    const before = await hold(gateway, { body: { user } });
    const first = toRequest({ headers, body: toChatBody("@@echo late", { user, ...fields }) });
    const left = { port: gateway.port, first, request: Buffer.alloc(0), end: "close", stillMs: longMs } as const;
    await hurryOn(left, () => untilLive(gateway, 2));
    await before.leave();
    expect(await seen(gateway, { body: { user } })).not.toContain("user: @@echo late");
  });
});

describe("a call that is read late", () => {
  test("is run where its client waits", async ({ gateway }) => {
    const request = toRequest({ body: toChatBody("@@echo ok", { user: "waits" }) });
    const text = await hurryOn({ port: gateway.port, first: healthz, request, end: "none", stillMs: longMs });
    expect(text).toContain('"content":"ok"');
  });

  test("is run where its client has ended its half, and the gateway stood still for a moment only", async ({
    gateway,
  }) => {
    const call = (): Promise<string> => {
      const request = toRequest({ body: toChatBody("@@echo ok", { user: "half" }) });
      return hurryOn({ port: gateway.port, first: undefined, request, end: "half", stillMs: briefMs });
    };
    // On a busy machine a run may take too long.
    await expect.poll(call).toContain('"content":"ok"');
  });

  test("is refused, and its client is told so, where that has ended its half for long", async ({ gateway }) => {
    const request = toRequest({ body: toChatBody("@@echo ok", { user: "half for long" }) });
    const text = await hurryOn({ port: gateway.port, first: undefined, request, end: "half", stillMs: longMs });
    expect(text).toMatch(/^HTTP\/1.1 499 .*"code":"cancelled"/s);
    expect(await seen(gateway, { body: { user: "half for long" } })).toEqual(["user: @@messages"]);
  });
});
