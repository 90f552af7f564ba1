import { describe, expect, test, vi } from "vitest";
import { startTestGateway } from "../gateway.fixture.ts";
import { ask, type Client, rejection, sdks, startSdkTest } from "./clients.fixture.ts";
import { expectCancelled, waitForLive } from "./runs.fixture.ts";

const hang = ask("@@hang");
const talk = ask("@@words 2", "@@hang");

function startStream(client: Client, signal?: AbortSignal) {
  return client.chat.completions.create({ ...talk, stream: true }, signal === undefined ? {} : { signal });
}

// The bound is the requirement's. A busy machine may miss it once; a gateway that is late misses it every time.
describe.each(sdks)("openai $major cancels the run", { retry: 2 }, (sdk) => {
  test.each([{ fetch: "the checked" }, { fetch: "its own" }])(
    "when it breaks out of the iteration, with $fetch fetch",
    async ({ fetch }) => {
      const { client, gateway } = await startSdkTest(sdk, fetch === "its own" ? { ownFetch: true } : {});
      let since = 0;
      for await (const chunk of await startStream(client)) {
        since = performance.now();
        if (chunk.choices[0]?.delta.content === "word1") break;
      }
      await expectCancelled(gateway, since);
    },
  );

  test.each(["controller", "signal"] as const)("of a stream by its %s, and the iteration ends", async (by) => {
    const { client, gateway } = await startSdkTest(sdk);
    const controller = new AbortController();
    const stream = await startStream(client, controller.signal);
    let since = 0;
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content !== "word1") continue;
      since = performance.now();
      (by === "signal" ? controller : stream.controller).abort();
    }
    expect(since).toBeGreaterThan(0);
    await expectCancelled(gateway, since);
  });

  test("of a stream that has not begun", async () => {
    const { client, gateway } = await startSdkTest(sdk);
    const controller = new AbortController();
    const body = { ...ask("@@delay 60s", "@@echo hi"), stream: true as const };
    const attempt = client.chat.completions.create(body, { signal: controller.signal });
    const failed = rejection(attempt, sdk.errors.APIUserAbortError);
    await waitForLive(gateway, 1);
    const since = performance.now();
    controller.abort();
    await expectCancelled(gateway, since);
    await failed;
  });

  test.each([{ fetch: "the checked" }, { fetch: "its own" }])(
    "of a plain call by its signal, with $fetch fetch",
    async ({ fetch }) => {
      const { client, gateway } = await startSdkTest(sdk, fetch === "its own" ? { ownFetch: true } : {});
      const controller = new AbortController();
      const attempt = client.chat.completions.create(hang, { signal: controller.signal });
      const failed = rejection(attempt, sdk.errors.APIUserAbortError);
      await waitForLive(gateway, 1);
      const since = performance.now();
      controller.abort();
      await expectCancelled(gateway, since);
      await failed;
    },
  );

  test.each([{ stream: false }, { stream: true }])("of a call that times out (stream: $stream)", async ({ stream }) => {
    const { client, gateway, sent } = await startSdkTest(sdk);
    const body = { ...ask("@@delay 60s", "@@echo hi"), stream };
    const attempt = client.chat.completions.create(body, { timeout: 1000, maxRetries: 0 });
    const failed = rejection(attempt, sdk.errors.APIConnectionTimeoutError).then(() => performance.now());
    await waitForLive(gateway, 1);
    await expectCancelled(gateway, await failed);
    expect(sent.count).toBe(1);
  });

  test("of the stream helper by abort", async () => {
    const { helpers, gateway } = await startSdkTest(sdk);
    const stream = helpers.stream(talk);
    let since = 0;
    stream.on("content", (delta) => {
      if (delta !== "word1") return;
      since = performance.now();
      stream.abort();
    });
    await rejection(stream.done(), sdk.errors.APIUserAbortError);
    await expectCancelled(gateway, since);
  });

  test("of runTools by its signal", async () => {
    const { helpers, gateway } = await startSdkTest(sdk);
    const controller = new AbortController();
    const tool = {
      type: "function" as const,
      function: { name: "f", description: "f", parameters: { type: "object" }, function: () => "done" },
    };
    const body = { ...talk, stream: true as const, tools: [tool] };
    const runner = helpers.runTools(body, { signal: controller.signal });
    let since = 0;
    runner.on("content", (delta) => {
      if (delta !== "word1") return;
      since = performance.now();
      controller.abort();
    });
    await rejection(runner.done(), sdk.errors.APIUserAbortError);
    await expectCancelled(gateway, since);
  });
});

test("a client that leaves before its answer is logged and measured as cancelled, not as not found", async () => {
  const gateway = await startTestGateway();
  const controller = new AbortController();
  const { signal } = controller;
  const body = JSON.stringify(hang);
  const headers = { "content-type": "application/json" };
  const call = gateway.request("/v1/chat/completions", { method: "POST", headers, body, signal });
  const failed = rejection(call, DOMException);
  await waitForLive(gateway, 1);
  controller.abort();
  await failed;
  const line = await vi.waitFor(() => {
    const found = gateway.log.find(({ left }) => left);
    expect(found).toBeDefined();
    return found;
  });
  expect(line).toMatchObject({ operation: "createChatCompletion", status: 499, code: "cancelled" });
  expect(await gateway.gateway.metrics.toText()).not.toContain('status="404"');
});
