import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { startTestGateway, type TestGateway } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };
const adaKey = "agent:main:openai-user:ada";
const hour = 3_600_000;

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-idle-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const start = (stateFolder: string, idleMinutes: number): Promise<TestGateway> =>
  startTestGateway({ stateFolder, config: { sessions: { idleMinutes } } });

/** Lets the last turn of every session lie so much further back. */
function age(stateFolder: string, ms: number): void {
  using database = new DatabaseSync(join(stateFolder, "sessions.sqlite"), { timeout: 5_000 });
  database.prepare("UPDATE session SET updated_at = updated_at - ?").run(ms);
}

test.each([
  { what: "begins anew once it was silent for longer than allowed", idleMinutes: 60, ago: 1.5 * hour, forgets: true },
  { what: "goes on before that", idleMinutes: 60, ago: 0.5 * hour, forgets: false },
  { what: "goes on for ever where no limit is set", idleMinutes: 0, ago: 1e5 * hour, forgets: false },
  { what: "does not expire early when the clock is set back", idleMinutes: 60, ago: -100 * hour, forgets: false },
])("a session $what, also over a restart", async ({ idleMinutes, ago, forgets }) => {
  const stateFolder = createFolder();
  const first = await start(stateFolder, idleMinutes);
  await say(first, "@@echo one", ada);
  await first.stop();
  age(stateFolder, ago);
  const second = await start(stateFolder, idleMinutes);
  const remembered = forgets ? [] : ["user: @@echo one", "assistant: one"];
  expect(await seen(second, ada)).toEqual([...remembered, "user: @@messages"]);
});

test("what was said before the silence stays readable, and the next turn is part of the new beginning", async () => {
  const stateFolder = createFolder();
  const gateway = await start(stateFolder, 60);
  await say(gateway, "@@echo old", ada);
  age(stateFolder, 2 * hour);
  expect((await say(gateway, "@@echo new", ada)).sessionKey).toBe(adaKey);
  expect(readRows(stateFolder, adaKey)).toEqual([
    "-user: @@echo old",
    "-assistant: old",
    "user: @@echo new",
    "assistant: new",
  ]);
  expect(await seen(gateway, ada)).toEqual(["user: @@echo new", "assistant: new", "user: @@messages"]);
});

test("a client that tells the whole conversation after a silence is still understood", async () => {
  const stateFolder = createFolder();
  const gateway = await start(stateFolder, 60);
  const question = { role: "user", content: "@@echo old" };
  const { message } = await say(gateway, [question], ada);
  age(stateFolder, 2 * hour);
  const { text } = await say(gateway, [question, message, { role: "user", content: "@@messages" }], ada);
  expect(JSON.parse(text)).toHaveLength(3);
  expect(readRows(stateFolder, adaKey).filter((row) => !row.startsWith("-"))).toHaveLength(4);
});

test("a run that fails after a silence changes nothing", async () => {
  const stateFolder = createFolder();
  const gateway = await start(stateFolder, 60);
  await say(gateway, "@@echo old", ada);
  age(stateFolder, 2 * hour);
  expect((await say(gateway, "@@fail", ada)).error).toBeDefined();
  expect(readRows(stateFolder, adaKey)).toEqual(["user: @@echo old", "assistant: old"]);
});
