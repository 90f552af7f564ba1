import { describe, expect, test } from "vitest";
import { Channel } from "./channel.ts";

const brokenWorker = new URL("./worker.fixture.ts", import.meta.url);
const request = { key: "k", knownRevision: 0 };
const unavailable = { name: "GatewayError", code: "storage_unavailable" };

describe("a worker that fails", () => {
  const ways: readonly { readonly way: string; readonly cause: string }[] = [
    { way: "throws", cause: "The disk is gone." },
    { way: "exits", cause: "The worker thread of the session store ended with code 3." },
  ];
  test.each(ways)("and $way rejects what is pending and what comes later", async ({ way, cause }) => {
    const channel = await Channel.start({ path: way }, brokenWorker);
    const want = { status: "rejected", reason: { ...unavailable, cause: { message: cause } } };
    expect(await Promise.allSettled([channel.call("read", request), channel.call("read", request)])).toMatchObject([
      want,
      want,
    ]);
    expect(await Promise.allSettled([channel.call("read", request), channel.close()])).toMatchObject([want, want]);
  });

  test("before it is ready rejects the start", async () => {
    const nowhere = new URL("./no-such-worker.ts", import.meta.url);
    await expect(Channel.start({ path: "" }, nowhere)).rejects.toMatchObject(unavailable);
  });
});
