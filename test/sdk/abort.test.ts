import { describe, expect, vi } from "vitest";
import { ask, type Client, rejection, sdks, test } from "./clients.fixture.ts";
import { countRuns, expectCancelled, waitForLive } from "./runs.fixture.ts";

const hang = ask("@@hang");
const talk = ask("@@words 2", "@@hang");

function startStream(client: Client, signal?: AbortSignal) {
  return client.chat.completions.create({ ...talk, stream: true }, signal === undefined ? {} : { signal });
}

describe.each(sdks)("openai $major cancels the run", (sdk) => {
  test.for([{ fetch: "the checked" }, { fetch: "its own" }])(
    "when it breaks out of the iteration, with $fetch fetch",
    async ({ fetch }, { connect }) => {
      const { client, gateway } = connect(sdk, fetch === "its own" ? { ownFetch: true } : {});
      const before = await countRuns(gateway);
      for await (const chunk of await startStream(client)) {
        if (chunk.choices[0]?.delta.content === "word1") break;
      }
      await expectCancelled(gateway, before);
    },
  );

  test.for(["controller", "signal"] as const)(
    "of a stream by its %s, and the iteration ends",
    async (by, { connect }) => {
      const { client, gateway } = connect(sdk);
      const before = await countRuns(gateway);
      const controller = new AbortController();
      const stream = await startStream(client, controller.signal);
      let aborted = false;
      for await (const chunk of stream) {
        if (chunk.choices[0]?.delta.content !== "word1") continue;
        aborted = true;
        (by === "signal" ? controller : stream.controller).abort();
      }
      expect(aborted).toBe(true);
      await expectCancelled(gateway, before);
    },
  );

  test("of a stream that has not begun", async ({ connect }) => {
    const { client, gateway } = connect(sdk);
    const before = await countRuns(gateway);
    const controller = new AbortController();
    const body = { ...ask("@@delay 60s", "@@echo hi"), stream: true as const };
    const attempt = client.chat.completions.create(body, { signal: controller.signal });
    const failed = rejection(attempt, sdk.errors.APIUserAbortError);
    await waitForLive(gateway, 1);
    controller.abort();
    await expectCancelled(gateway, before);
    await failed;
  });

  test.for([{ fetch: "the checked" }, { fetch: "its own" }])(
    "of a plain call by its signal, with $fetch fetch",
    async ({ fetch }, { connect }) => {
      const { client, gateway } = connect(sdk, fetch === "its own" ? { ownFetch: true } : {});
      const before = await countRuns(gateway);
      const controller = new AbortController();
      const attempt = client.chat.completions.create(hang, { signal: controller.signal });
      const failed = rejection(attempt, sdk.errors.APIUserAbortError);
      await waitForLive(gateway, 1);
      controller.abort();
      await expectCancelled(gateway, before);
      await failed;
    },
  );

  test.for([{ stream: false }, { stream: true }])(
    "of a call that times out (stream: $stream)",
    async ({ stream }, { connect }) => {
      const { client, gateway, sent } = connect(sdk);
      const before = await countRuns(gateway);
      const body = { ...ask("@@delay 60s", "@@echo hi"), stream };
      const attempt = client.chat.completions.create(body, { timeout: 1000, maxRetries: 0 });
      const failed = rejection(attempt, sdk.errors.APIConnectionTimeoutError);
      await waitForLive(gateway, 1);
      await failed;
      await expectCancelled(gateway, before);
      expect(sent.count).toBe(1);
    },
  );

  test("of the stream helper by abort", async ({ connect }) => {
    const { helpers, gateway } = connect(sdk);
    const before = await countRuns(gateway);
    const stream = helpers.stream(talk);
    stream.on("content", (delta) => {
      if (delta !== "word1") return;
      stream.abort();
    });
    await rejection(stream.done(), sdk.errors.APIUserAbortError);
    await expectCancelled(gateway, before);
  });

  test("of runTools by its signal", async ({ connect }) => {
    const { helpers, gateway } = connect(sdk);
    const before = await countRuns(gateway);
    const controller = new AbortController();
    const tool = {
      type: "function" as const,
      function: { name: "f", description: "f", parameters: { type: "object" }, function: () => "done" },
    };
    const body = { ...talk, stream: true as const, tools: [tool] };
    const runner = helpers.runTools(body, { signal: controller.signal });
    runner.on("content", (delta) => {
      if (delta !== "word1") return;
      controller.abort();
    });
    await rejection(runner.done(), sdk.errors.APIUserAbortError);
    await expectCancelled(gateway, before);
  });
});

test("a client that leaves before its answer is logged and measured as cancelled, not as not found", async ({
  gateway,
}) => {
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
