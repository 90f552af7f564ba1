import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPlace, type PlaceOptions, run, usual } from "../command.fixture.ts";

interface Bad extends PlaceOptions {
  readonly name: string;
  /** What the message must say. */
  readonly says: RegExp;
}

const weak = "weak-secret-1234";

/** src/base/config/load.test.ts and check.test.ts have the other rows; these show what becomes of them. */
const bad: readonly Bad[] = [
  { name: "an unknown key", config: { gateway: { prot: 1 } }, says: /gateway\.prot/ },
  { name: "a wrong type", config: { gateway: { port: "80" } }, says: /gateway\.port.*integer/ },
  {
    name: "a variable that is not set",
    config: { gateway: { auth: { token: "${NO_SUCH}" } } },
    says: /gateway\.auth\.token.*NO_SUCH/,
  },
  {
    name: "a file that is missing",
    config: { gateway: { auth: { token: { file: "no.key" } } } },
    says: /gateway\.auth\.token.*no\.key/,
  },
  {
    name: "no configuration where one was named",
    environment: { OPENCLAW_CONFIG_PATH: "no.json5" },
    says: /no\.json5/,
  },
  {
    name: "a weak token off loopback",
    config: { gateway: { bind: "lan" } },
    environment: { OPENCLAW_GATEWAY_TOKEN: weak },
    says: /gateway\.auth\.token.*24/,
  },
  {
    name: "mode none off loopback",
    config: { gateway: { bind: "lan", auth: { mode: "none" } } },
    says: /gateway\.auth\.mode.*gateway\.bind/,
  },
  {
    name: "an agent of an unknown provider",
    config: { agents: { list: [{ id: "main" }, { id: "b", default: true, model: "lab/x" }] } },
    says: /agents\.list\[1\]\.model.*lab/,
  },
  { name: "an error of syntax", config: "{\n  gateway: {\n    port: ]\n}", says: /config\.json5: line 3, column 11/ },
];
/** Some at a time, since every one is a process. */
const batches = [bad.slice(0, 3), bad.slice(3, 6), bad.slice(6)];
test.each(batches.map((batch) => ({ names: batch.map(({ name }) => name).join(", "), batch })))(
  "with $names the gateway says which key and ends with status 2, before it listens",
  async ({ batch }) => {
    const ends = await Promise.all(batch.map((options) => run(createPlace(options), ["gateway"])));
    for (const [index, { name, says }] of batch.entries()) {
      const { status, output, notes } = ends[index] ?? {};
      expect({ name, status, output }).toEqual({ name, status: 2, output: "" });
      expect(notes, name).toMatch(/^clawgate: [^\n]*\n$/);
      expect(notes, name).toMatch(says);
      expect(notes, name).not.toContain(weak);
    }
  },
);

test("`config` prints what is in force, with every secret masked", async () => {
  const secret = "a-secret-of-the-environment-0123456789";
  const environment = { OPENCLAW_GATEWAY_TOKEN: secret, OPENCLAW_GATEWAY_PORT: "4711" };
  const place = createPlace({ config: usual, environment });
  const { status, output, notes } = await run(place, ["config"]);
  expect({ status, notes }).toEqual({ status: 0, notes: `${place.environment["OPENCLAW_CONFIG_PATH"]}\n` });
  expect(output).not.toContain(secret);
  expect(JSON.parse(output)).toMatchObject({
    gateway: { port: 4711, bind: "loopback", auth: { token: `<secret, ${secret.length} characters>` } },
    agents: { list: [{ id: "main", default: true }, { id: "beta" }] },
  });
});

test("`config` masks a password and refuses what the gateway would refuse", async () => {
  const password = "correct-horse-battery-staple";
  const good = await run(createPlace({ config: { gateway: { auth: { mode: "password", password } } } }), ["config"]);
  expect(good.output).toContain(`<secret, ${password.length} characters>`);
  expect(good.output + good.notes).not.toContain(password);
  const unknown = await run(createPlace({ config: { agents: { defaults: { model: "lab/x" } } } }), ["config"]);
  expect(unknown).toMatchObject({ status: 2, output: "" });
});

test("the configuration is looked for at --config, the variable, here, then in the state folder", async () => {
  const place = createPlace({ config: toText("variable") });
  const elsewhere = createPlace();
  const { OPENCLAW_CONFIG_PATH: _, ...environment } = place.environment;
  mkdirSync(place.stateFolder);
  writeFileSync(join(place.folder, "option.json5"), toText("option"));
  writeFileSync(join(place.folder, "clawgate.json5"), toText("here"));
  writeFileSync(join(place.stateFolder, "clawgate.json5"), toText("state"));
  const found = await Promise.all([
    run(place, ["config", "--config", "option.json5"]),
    run(place, ["config"]),
    run({ ...place, environment }, ["config"]),
    run({ ...elsewhere, environment }, ["config"]),
    run(elsewhere, ["config"]),
  ]);
  const ids = found.map(
    ({ output }) => (JSON.parse(output) as { agents: { list: { id: string }[] } }).agents.list[0]?.id,
  );
  expect(ids).toEqual(["option", "variable", "here", "state", undefined]);
});

function toText(id: string): string {
  return `{ agents: { list: [{ id: "${id}", default: true }] } } // JSON5`;
}
