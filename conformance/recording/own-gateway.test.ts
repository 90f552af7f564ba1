import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { test, testToken } from "../../test/gateway.fixture.ts";
import { createFolder, replay, run, toVerdicts } from "./recording.fixture.ts";

/** Through both lenses, with retries, aborts, time-outs, polls that ask until something is so, and calls that go on at once. */
const only = "NS,SS,SE-1*,SDK,ABRT-03,ABRT-04,ABRT-05,CONC-01,TOOL-0*,MOD,AUTH-03";
/** It takes half a minute. */
const skipped = "SE-14";

test(
  "a recording of clawgate replays to the same verdicts in another folder, with the oldest SDK and the newest",
  { timeout: 180_000 },
  async ({ gateway }) => {
    const folder = createFolder();
    const words = ["--base-url", gateway.baseUrl, "--model", "openclaw", "--only", only, "--sdk", "7,4"];
    const environment = { OPENAI_API_KEY: testToken };
    const recorded = await run(folder, [...words, "--skip", skipped, "--record", "wire.jsonl"], environment);
    const replayed = await replay(readFileSync(join(folder, "wire.jsonl"), "latin1"));
    expect(recorded.report.counts["pass"]).toBeGreaterThan(100);
    expect(replayed.report.counts["stale"]).toBe(0);
    expect(toVerdicts(replayed.report)).toEqual(toVerdicts(recorded.report));
  },
);
