import { describe, expect, test, vi } from "vitest";
import { ask, collect, sdks, startSdkTest } from "./clients.fixture.ts";
import { readRuns } from "./runs.fixture.ts";

const streams = 20;

// SDK 7 closes the socket when it has read [DONE]; what it uses to fetch decides how soon the gateway sees that.
describe.each(sdks)("openai $major", (sdk) => {
  test.each([{ fetch: "the checked" }, { fetch: "its own" }])(
    "streams that are read to their end count as completed, with $fetch fetch",
    async ({ fetch }) => {
      const { client, gateway } = await startSdkTest(sdk, fetch === "its own" ? { ownFetch: true } : {});
      for (let at = 0; at < streams; at++) {
        const body = { ...ask("@@words 3"), user: "finished", stream: true as const };
        expect(await collect(await client.chat.completions.create(body))).toHaveLength(5);
      }
      // The answers are logged once their connections are done with them.
      await vi.waitFor(() => expect(gateway.log.filter(({ msg }) => msg === "request")).toHaveLength(streams));
      expect(await readRuns(gateway)).toEqual({
        live: 0,
        started: streams,
        completed: streams,
        failed: 0,
        cancelled: 0,
      });
      const metrics = await gateway.gateway.metrics.toText();
      expect(metrics).not.toContain('outcome="cancelled"');
      expect(metrics).not.toContain('outcome="failed"');
      expect(gateway.log.filter(({ code }) => code !== undefined)).toEqual([]);
      expect(gateway.log.filter(({ left }) => left)).toEqual([]);
      const { choices } = await client.chat.completions.create({ ...ask("@@messages"), user: "finished" });
      expect(JSON.parse(choices[0]?.message.content ?? "")).toHaveLength(2 * streams + 1);
    },
  );
});
