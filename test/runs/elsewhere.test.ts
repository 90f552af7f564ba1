import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { onEnd } from "../end.fixture.ts";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";
import { ask, detach, findRun, readBytes, toEvents, toRunId, toText } from "./runs.fixture.ts";

// A run of 5,000 tokens that is carried by one gateway and read at two.

type Pair = readonly [TestGateway, TestGateway];

async function startOnFile(): Promise<Pair> {
  const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-elsewhere-"));
  onEnd(() => rmSync(stateFolder, { recursive: true, force: true }));
  return [await startTestGateway({ stateFolder }), await startTestGateway({ stateFolder })];
}

async function startOnServer(): Promise<Pair> {
  const { url, schema, remove } = await createTestSchema();
  onEnd(remove);
  const config = { sessions: { store: { postgres: { url, schema, connections: 4 } } } };
  return [await startTestGateway({ config }), await startTestGateway({ config })];
}

const tokens = 5_000;
const words = Array.from({ length: tokens }, (_, index) => `word${index}`).join(" ");

async function startLongRun(gateway: TestGateway): Promise<Response> {
  const body = { stream: true, stream_options: { include_usage: true } };
  return gateway.chat(...ask(`@@words ${tokens} delay=0.2ms`, { body, headers: detach }));
}

/** Goes on behind what was read, as a page does that knows the last id it has seen. */
function readOn({ request }: TestGateway, id: string, read: string): Promise<Response> {
  const last = toEvents(read).at(-1)?.id;
  return request(`/v1/runs/${id}/events`, { headers: { "last-event-id": String(last ?? 0) } });
}

async function readWhole({ request }: TestGateway, id: string): Promise<string> {
  return (await request(`/v1/runs/${id}/events`)).text();
}

describe.each([
  { store: "one folder", start: startOnFile, skipped: false },
  { store: "one PostgreSQL", start: startOnServer, skipped: programs === undefined },
])("a run of 5,000 tokens, with two gateways on $store", ({ start, skipped }) => {
  test.skipIf(skipped)("whose reader leaves in the middle is read on at the other gateway, byte for byte", async () => {
    const [one, other] = await start();
    const response = await startLongRun(one);
    const id = toRunId(response);
    const first = await readBytes(response, tokens / 3);
    expect((await findRun(other, id)).state).toBe("running");
    const read = first + (await (await readOn(other, id, first)).text());
    expect(toText(toEvents(read))).toBe(words);
    expect(read).toMatch(/\ndata: \[DONE\]\n\n$/);
    expect(await readWhole(one, id)).toBe(read);
    expect(await readWhole(other, id)).toBe(read);
    const run = await findRun(other, id);
    expect(run).toMatchObject({ state: "completed", detached: true, logged: true, error: null, expired: false });
    expect(run.completion).toMatchObject({ choices: [{ message: { content: words }, finish_reason: "stop" }] });
  });

  test.skipIf(skipped)("is what a page shows that reloads ten times, now at one and now at the other", async () => {
    const pair = await start();
    const response = await startLongRun(pair[0]);
    const id = toRunId(response);
    let read = await readBytes(response, 100);
    for (let reload = 1; reload <= 10; reload += 1)
      read += await readBytes(await readOn(pair[reload % 2] ?? pair[0], id, read), 200);
    read += await (await readOn(pair[1], id, read)).text();
    expect(toText(toEvents(read))).toBe(words);
    for (const gateway of pair) expect(await readWhole(gateway, id)).toBe(read);
  });
});
