import { spawnSync, type SpawnSyncReturns } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import JSON5 from "json5";
import { describe, expect, test } from "vitest";
import { createPlace, type Place, run, startCommand } from "../command.fixture.ts";
import { program } from "../process.fixture.ts";

/** A place with `OPENCLAW_GATEWAY_PORT`, so that what starts there takes a free port. */
function createEmpty(): Place {
  return createPlace({ environment: { OPENCLAW_GATEWAY_PORT: "0", OPENCLAW_GATEWAY_TOKEN: token } });
}

const token = "a-token-of-the-first-hour-0123456789";
const hi = { model: "openclaw", messages: [{ role: "user", content: "say: hi there" }] };

/** The schema that the command prints, as an editor uses it. */
async function loadSchema(): Promise<(value: unknown) => string[]> {
  const { status, output } = await run(createEmpty(), ["config", "--schema"]);
  expect(status).toBe(0);
  const check = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(
    JSON.parse(output) as object,
  );
  return (value) => (check(value) ? [] : (check.errors ?? []).map(({ instancePath }) => instancePath));
}

/** Mounts a file system of 64 KB where nobody else sees it, fills it, runs the words after it, and lists what is left there. */
const script = `
mount -t tmpfs -o size=64k none "$1" || exit 77
cd "$1"
head -c 65536 /dev/zero > ballast 2>/dev/null
shift
"$@"
status=$?
for file in *; do echo "left: $file"; done
exit $status`;

function runOnFullDisk(folder: string, words: readonly string[]): SpawnSyncReturns<string> {
  return spawnSync("unshare", ["-rm", "sh", "-c", script, "sh", folder, ...words], { encoding: "utf8" });
}

const isMountable = runOnFullDisk(tmpdir(), ["true"]).status === 0;

describe("`init`", () => {
  test("writes what a gateway starts with, and gives an answer with", async () => {
    const place = createEmpty();
    const { status, output, notes } = await run(place, ["init"]);
    const file = join(place.folder, "clawgate.json5");
    expect({ status, output }).toEqual({ status: 0, output: `${file}\n` });
    expect(notes).toMatch(/`clawgate gateway`/);
    const gateway = await startCommand(place, token);
    expect(gateway.output()).toMatch(/^ {2}chat +http/m);
    expect(gateway.output()).toContain(file);
    const response = await gateway.chat(hi);
    expect(await response.json()).toMatchObject({ choices: [{ message: { content: "hi there" } }] });
  });

  test.skipIf(!isMountable)("leaves nothing on a disk that is full, so that it can be tried again", () => {
    const { folder } = createEmpty();
    const { status, stdout, stderr } = runOnFullDisk(folder, [process.execPath, program, "init"]);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "left: ballast\n" });
    expect(stderr).toMatch(/^clawgate: Cannot write .*ENOSPC/);
  });

  test("overwrites nothing", async () => {
    const place = createEmpty();
    const file = join(place.folder, "mine.json5");
    writeFileSync(file, "{ /* mine */ }");
    const { status, output, notes } = await run(place, ["init", "--config", "mine.json5"]);
    expect({ status, output }).toEqual({ status: 2, output: "" });
    expect(notes).toBe(
      `clawgate: ${file} is there already, and stays as it is. \`clawgate init --config FILE\` writes another.\n`,
    );
    expect(readFileSync(file, "utf8")).toBe("{ /* mine */ }");
    expect(existsSync(join(place.folder, "clawgate.json5"))).toBe(false);
  });

  test("where it cannot write says so in a sentence", async () => {
    const place = createEmpty();
    const { status, notes } = await run(place, ["init", "--config", "no/such/folder/c.json5"]);
    expect(status).toBe(2);
    expect(notes).toMatch(/^clawgate: Cannot write \S+c\.json5: ENOENT: no such file or directory\. [^\n]*--config\n$/);
  });

  test("is right when every comment is taken for what it says", async () => {
    const place = createEmpty();
    await run(place, ["init"]);
    const file = join(place.folder, "clawgate.json5");
    // A line of keys; sentences have a space before their first colon, or none.
    const text = readFileSync(file, "utf8").replaceAll(/^( *)\/\/ (?=(?:\{ )?\$?\w+: [{"])/gm, "$1");
    expect(text).toMatch(/^ +openai: \{/m);
    writeFileSync(file, text.replaceAll("openai/gpt-5-mini", "embedded/assistant").replace("ollama/", "openai/"));
    const environment = { ...place.environment, OPENAI_API_KEY: "sk-0123456789" };
    const { status, notes, output } = await run({ ...place, environment }, ["config"]);
    expect({ status, notes }).toEqual({ status: 0, notes: `${file}\n` });
    expect(JSON.parse(output)).toMatchObject({ agents: { list: [{ id: "main" }, { id: "beta" }] } });
  });
});

describe("the schema of `config --schema`", () => {
  test("accepts what `init` writes, and what the checkout has", async () => {
    const check = await loadSchema();
    const place = createEmpty();
    await run(place, ["init"]);
    const own = join(import.meta.dirname, "../../clawgate.json5");
    for (const file of [join(place.folder, "clawgate.json5"), own])
      expect(check(JSON5.parse(readFileSync(file, "utf8"))), file).toEqual([]);
  });

  test("knows that a text may come from a variable or a file", async () => {
    const check = await loadSchema();
    const lab = (apiKey: unknown, baseUrl = "${LAB}") => ({
      models: { providers: { lab: { api: "openai-completions", baseUrl, apiKey } } },
    });
    expect(check(lab("${KEY}"))).toEqual([]);
    expect(check(lab({ file: "lab.key" }))).toEqual([]);
    expect(check(lab({ fil: "lab.key" }))).not.toEqual([]);
    expect(check(lab("k", "not an address"))).not.toEqual([]);
  });

  test.each([
    [{ gatewy: {} }, ""],
    [{ gateway: { prot: 1 } }, "/gateway"],
    [{ gateway: { port: "80" } }, "/gateway/port"],
    [{ gateway: { auth: { mode: "tokn" } } }, "/gateway/auth/mode"],
    [{ agents: { list: [{}] } }, "/agents/list/0"],
  ])("refuses %j", async (value, place) => {
    expect((await loadSchema())(value)).toContain(place);
  });

  test("may be named in the file", async () => {
    const place = createPlace({ config: { $schema: "./clawgate.schema.json" } });
    expect((await run(place, ["config"])).status).toBe(0);
  });
});
