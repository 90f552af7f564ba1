import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import {
  ask,
  codeOf,
  detach,
  findRun,
  readEvents,
  readSome,
  toEvents,
  toRunId,
  toText,
  untilState,
} from "./runs.fixture.ts";

// Two gateways on one state folder: what one carries, the other knows by the store alone.

let one: TestGateway;
let other: TestGateway;

beforeEach(async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-beside-"));
  onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
  one = await startTestGateway({ stateFolder });
  other = await startTestGateway({ stateFolder });
});

const words = Array.from({ length: 80 }, (_, index) => `word${index}`).join(" ");

test("a run is read at the other gateway while it goes on, with the same bytes", async () => {
  const response = await one.chat(...ask("@@words 80 delay=10ms", { body: { stream: true }, headers: detach }));
  const id = toRunId(response);
  const first = await readSome(response, 10);
  const rest = await readEvents(other, id, first.at(-1)?.id);
  expect(toText([...first, ...rest])).toBe(words);
  expect([...first, ...rest]).toEqual(await readEvents(one, id));
});

test("a run is cancelled at the other gateway", async () => {
  const response = await one.chat(...ask("@@echo a\n@@hang", { body: { stream: true }, headers: detach }));
  const id = toRunId(response);
  const listening = await other.request(`/v1/runs/${id}/events`);
  expect((await other.request(`/v1/runs/${id}/cancel`, { method: "POST" })).status).toBe(200);
  for (const said of [response, listening]) expect(await said.text()).toContain("run_cancelled");
  expect((await untilState(other, id, "cancelled")).error).toMatchObject({ code: "run_cancelled" });
});

test("a key is one for both: whoever sends it to the other is given the run, and keeps it going", async () => {
  const headers = { "idempotency-key": "both" };
  const [body] = ask("@@words 60 delay=10ms", { body: { stream: true } });
  const leaving = new AbortController();
  const first = await one.request("/v1/chat/completions", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
    signal: leaving.signal,
  });
  const id = toRunId(first);
  const second = await other.chat(body, headers);
  // The one that carries it need not have looked after what others wish.
  leaving.abort();
  expect([toRunId(second), second.headers.get("idempotency-replayed")]).toEqual([id, "true"]);
  expect(toText(toEvents(await second.text()))).toMatch(/^word0 .* word59$/);
  expect((await findRun(other, id)).state).toBe("completed");
  expect(await codeOf(await other.chat(...ask("@@echo another", { headers })))).toEqual([409, "idempotency_conflict"]);
});

test("a run whose gateway ends is told of at the other, to who listens there", async () => {
  const response = await one.chat(...ask("@@echo a\n@@hang", { body: { stream: true }, headers: detach }));
  const id = toRunId(response);
  await readSome(response, 2);
  const listening = await other.request(`/v1/runs/${id}/events`);
  await one.reload({ gateway: { drainMs: 50 } });
  await one.stop();
  expect(await listening.text()).toContain("run_interrupted");
});
