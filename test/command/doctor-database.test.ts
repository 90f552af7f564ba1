import { expect, test } from "vitest";
import { createPlace, run, usual } from "../command.fixture.ts";
import { onEnd } from "../end.fixture.ts";
import { createTestSchema, programs } from "../postgres.fixture.ts";

/** What doctor says of the store in this configuration. */
async function examine(postgres: object) {
  const place = createPlace({ config: { ...usual, sessions: { store: { postgres } } } });
  const { status, output } = await run(place, ["doctor"]);
  const lines = output.split("\n").filter((line) => / {2}(?:database|sessions) {2}/.test(line));
  return { status, lines: lines.map((line) => line.replace(/ +/g, " ").trim()) };
}

test.skipIf(programs === undefined)(
  "doctor looks at the database: its version, schema, clock, and whether it can listen",
  async () => {
    const { url, schema, edit, remove } = await createTestSchema();
    onEnd(remove);
    const first = await examine({ url, schema });
    expect(first.status).toBe(0);
    // Whoever only looks leaves it to the start.
    expect((await examine({ url, schema })).lines).toEqual(first.lines);
    expect(first.lines).toEqual([
      expect.stringMatching(/^ok database PostgreSQL \d+\.\d+, UTF8$/),
      `ok database the schema ${schema} is not there yet; the first start makes it`,
      "ok database its clock agrees with this machine's",
      "ok database gateways hear of each other (LISTEN)",
    ]);
    const place = createPlace({ config: { ...usual, sessions: { store: { postgres: { url, schema } } } } });
    expect((await run(place, ["agent", "--local", "-m", "hi"])).status).toBe(0);
    const later = await examine({ url, schema, pooler: true });
    expect(later.lines[1]).toMatch(/^ok database the schema test_\w+ has (\d+) of \1 steps$/);
    expect(later.lines[3]).toMatch(/^warn database gateways look for .* once a second.*listenUrl\.$/);
    expect(later.lines[4]).toBe("ok sessions the store opens, and reads all of 1 sessions");
    const deaf = await examine({ url, schema, listenUrl: "postgres://127.0.0.1:1/x" });
    expect(deaf.status).toBe(0);
    expect(deaf.lines[3]).toMatch(
      /^warn database .* nobody can listen: .*127\.0\.0\.1:1\/x cannot be used: connect ECONNREFUSED/,
    );
    await edit("INSERT INTO schema_step (version, known_min) VALUES (9, 9)");
    const newer = await examine({ url, schema });
    expect(newer.status).toBe(1);
    expect(newer.lines).toEqual([
      expect.stringMatching(/^FAIL database .*schema 9, which needs .* Start the version of clawgate/),
    ]);
  },
);

test("doctor says why a database cannot be reached, and no secrets", async () => {
  const { status, lines } = await examine({ url: "postgres://who:secret-word@127.0.0.1:1/sessions" });
  expect(status).toBe(1);
  const want =
    /^FAIL database The session database 127\.0\.0\.1:1\/sessions cannot be used: connect ECONNREFUSED .* Look whether/;
  expect(lines).toEqual([expect.stringMatching(want)]);
  expect(lines.join("")).not.toContain("secret-word");
});
