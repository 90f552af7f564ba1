import { describe, expect, test } from "vitest";
import { Worker } from "node:worker_threads";
import { Channel, type StartThread } from "./channel.ts";

function starts(file: string): StartThread {
  return (options) => new Worker(new URL(file, import.meta.url), { workerData: options });
}
const request = { key: "k", knownRevision: 0 };
const unavailable = { name: "GatewayError", code: "storage_unavailable" };

describe("a worker that fails", () => {
  const ways: readonly { readonly way: string; readonly cause: string }[] = [
    { way: "throws", cause: "The disk is gone." },
    { way: "exits", cause: "The worker thread of the session store ended with code 3." },
  ];
  test.each(ways)("and $way rejects what is pending and what comes later", async ({ way, cause }) => {
    const channel = await Channel.start(way, starts("./worker.fixture.ts"));
    const want = { status: "rejected", reason: { ...unavailable, cause: { message: cause } } };
    expect(await Promise.allSettled([channel.call("read", request), channel.call("read", request)])).toMatchObject([
      want,
      want,
    ]);
    expect(await Promise.allSettled([channel.call("read", request), channel.close()])).toMatchObject([want, want]);
  });

  test("before it is ready rejects the start", async () => {
    await expect(Channel.start("", starts("./no-such-worker.ts"))).rejects.toMatchObject(unavailable);
  });
});
