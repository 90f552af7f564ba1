import { mkdtempSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { expect, onTestFinished, test } from "vitest";
import { createPlace, run, usual } from "../command.fixture.ts";
import { startTestGateway } from "../gateway.fixture.ts";
import { say, seen, type Ask } from "../talk.fixture.ts";

const ada: Ask = { body: { user: "ada" } };
const bob: Ask = { body: { user: "bob" } };
const adaKey = "agent:main:openai-user:ada";
const config = { gateway: { http: { endpoints: { sessions: { enabled: true } } } } };

function damage(stateFolder: string): void {
  using database = new DatabaseSync(join(stateFolder, "sessions.sqlite"), { timeout: 5_000 });
  const sql = "UPDATE message SET body = replace(body, 'ada', 'eve') WHERE session_key = ? AND sequence = 1";
  expect(database.prepare(sql).run(adaKey).changes).toBe(1);
}

test("a session that is damaged is refused and never shown, while others are served, and can be begun anew", async () => {
  const stateFolder = mkdtempSync(join(tmpdir(), "clawgate-damaged-"));
  onTestFinished(() => rmSync(stateFolder, { recursive: true, force: true }));
  const first = await startTestGateway({ stateFolder });
  await say(first, "I am ada", ada);
  await say(first, "I am bob", bob);
  await first.stop();
  damage(stateFolder);

  const gateway = await startTestGateway({ stateFolder, config });
  for (const stream of [false, true]) {
    const { status, headers, error } = await say(gateway, "hi", { body: { user: "ada", stream } });
    expect([status, error?.code, headers.get("x-should-retry")]).toEqual([500, "session_damaged", "false"]);
  }
  const path = `/v1/sessions/${encodeURIComponent(adaKey)}`;
  expect((await gateway.request(`${path}/messages`)).status).toBe(500);
  expect((await seen(gateway, bob))[0]).toBe("user: I am bob");
  expect((await gateway.request("/readyz")).status).toBe(200);
  expect(gateway.log.filter(({ code }) => code === "session_damaged").map(({ cause }) => cause)).toContainEqual(
    `A message does not match its checksum: session '${adaKey}'.`,
  );

  expect((await gateway.request(`${path}/reset`, { method: "POST" })).status).toBe(200);
  expect(await seen(gateway, ada)).toEqual(["user: @@messages"]);
});

test("`gateway` and `doctor` name a database that has lost its sessions and the way out, and doctor damaged sessions", async () => {
  const place = createPlace({ config: usual });
  const database = join(place.stateFolder, "sessions.sqlite");
  expect((await run(place, ["agent", "--session-key", adaKey, "-m", "I am ada"])).status).toBe(0);
  damage(place.stateFolder);
  expect((await run(place, ["doctor"])).output).toMatch(
    /^FAIL {2}sessions {6}1 of 1 sessions are damaged, and are not served: 'agent:main:openai-user:ada'/m,
  );
  truncateSync(database, 0);
  const told = `The session database ${database} cannot be used: It is empty, and there were sessions in it. Put back a copy; or, to begin with no sessions, delete ${database}-kept.`;
  expect(await run(place, ["gateway"])).toMatchObject({ status: 1, notes: `clawgate: ${told}\n` });
  expect(await run(place, ["doctor"])).toMatchObject({
    status: 1,
    output: expect.stringContaining(`FAIL  sessions      ${told}\n`) as string,
  });
});
