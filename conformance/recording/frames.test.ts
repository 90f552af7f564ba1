import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { expect } from "vitest";
import { test, testToken } from "../../test/gateway.fixture.ts";
import { createFolder, replay, run, toVerdicts } from "./recording.fixture.ts";

test(
  "the frames of a WebSocket are recorded without their secrets, and judged again without the token",
  { timeout: 60_000 },
  async ({ gateway }) => {
    const folder = createFolder();
    const server = ["--base-url", gateway.url.replace("http", "ws"), "--only", "WS-01,WS-03,WS-04,WS-05,WS-1*"];
    const words = [...server, "--skip", "WS-10", "--record", "wire.jsonl.gz"];
    const recorded = await run(folder, words, { OPENCLAW_GATEWAY_TOKEN: testToken });
    const packed = readFileSync(join(folder, "wire.jsonl.gz"));
    const lines = gunzipSync(packed).toString("utf8");
    const frames = [...lines.matchAll(/"(?:sent|came)64":"([^"]*)"/g)].map(([, bytes = ""]) =>
      Buffer.from(bytes, "base64").toString("latin1"),
    );
    const text = lines + frames.join("\n");
    // It stands there unmasked, or nobody could find what is secret in it.
    expect(text.includes('"method":"connect"'), "a frame in plain words").toBe(true);
    for (const form of [testToken, Buffer.from(testToken).toString("base64").slice(0, -4), testToken.slice(8)])
      expect(text.includes(form), "the token in the recording").toBe(false);
    const replayed = await replay(packed.toString("latin1"), "wire.jsonl.gz");
    expect(toVerdicts(replayed.report)).toEqual(toVerdicts(recorded.report));
    expect(recorded.report.counts["pass"]).toBeGreaterThan(5);
    expect(replayed.status).toBe(recorded.status);
  },
);
