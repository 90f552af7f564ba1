import { existsSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished } from "vitest";
import { startTestGateway, test } from "../gateway.fixture.ts";
import { countRows } from "../rows.fixture.ts";
import { hold, say, seen, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };

function createFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "clawgate-restart-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

test("a gateway that starts on the state of an earlier one remembers its sessions", async () => {
  const stateFolder = createFolder();
  const first = await startTestGateway({ stateFolder });
  await say(first, "@@echo whole", ada);
  await say(first, "@@echo streamed", { body: { user: "ada", stream: true } });
  await say(first, "@@echo other", { headers: { "x-openclaw-session-key": "agent:beta:k" } });
  await first.stop();
  const second = await startTestGateway({ stateFolder });
  const want = ["user: @@echo whole", "assistant: whole", "user: @@echo streamed", "assistant: streamed"];
  expect(await seen(second, ada)).toEqual([...want, "user: @@messages"]);
  const other = await seen(second, { headers: { "x-openclaw-session-key": "agent:beta:k" } });
  expect(other.slice(0, 2)).toEqual(["user: @@echo other", "assistant: other"]);
});

test("a client that resends its history to the next gateway is told no turn twice", async () => {
  const stateFolder = createFolder();
  const first = await startTestGateway({ stateFolder });
  const question = { role: "user", content: "@@echo a" };
  const { message } = await say(first, [question], ada);
  await first.stop();
  const second = await startTestGateway({ stateFolder });
  await say(second, [question, message, { role: "user", content: "@@echo b" }], ada);
  expect(await seen(second, ada)).toHaveLength(5);
  expect(countRows(stateFolder).messages).toBe(6);
});

test("a gateway that stops leaves no lease behind, and nothing of a run that it cut", async () => {
  const stateFolder = createFolder();
  const first = await startTestGateway({ stateFolder, config: { gateway: { drainMs: 0 } } });
  await say(first, "@@echo kept", ada);
  const { leave } = await hold(first, ada);
  await first.stop();
  await leave();
  // Moved into the database by the last connection that closed; looked at before a test opens one of its own.
  expect(existsSync(join(stateFolder, "sessions.sqlite-wal"))).toBe(false);
  expect(countRows(stateFolder)).toEqual({ sessions: 1, messages: 2, leases: 0 });
  const second = await startTestGateway({ stateFolder });
  expect(await seen(second, ada)).toEqual(["user: @@echo kept", "assistant: kept", "user: @@messages"]);
});

test("what is kept is readable by its owner alone", async ({ gateway }) => {
  await say(gateway, "hi", ada);
  expect(statSync(join(gateway.stateFolder, "sessions.sqlite")).mode & 0o777).toBe(0o600);
  expect(statSync(join(gateway.stateFolder, "sessions.sqlite-wal")).mode & 0o777).toBe(0o600);
});

test("two gateways on one state folder share a session, one run at a time", async () => {
  const stateFolder = createFolder();
  const gateways = [await startTestGateway({ stateFolder }), await startTestGateway({ stateFolder })];
  const answers = await Promise.all(
    gateways.flatMap((gateway) => ["a", "b", "c"].map((name) => say(gateway, `@@messages ${name}`, ada))),
  );
  const lengths = answers.map(({ text }) => (JSON.parse(text) as object[]).length);
  expect(lengths.toSorted((a, b) => a - b)).toEqual([1, 3, 5, 7, 9, 11]);
});
