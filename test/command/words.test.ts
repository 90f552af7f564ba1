import { describe, expect, test } from "vitest";
import { contractVersion } from "../../src/base/contract.ts";
import { createPlace, run, usual } from "../command.fixture.ts";

// What a command says when it is not used as it is meant to be, and how every sentence of it begins.

test.each([["-v"], ["-V"], ["--version"]])("%s prints the version", async (option) => {
  expect(await run(createPlace(), [option])).toEqual({ status: 0, output: `${contractVersion}\n`, notes: "" });
});

describe("what is wrong is said in one way", () => {
  test.each<[args: string[], says: RegExp]>([
    [["foo"], /unknown command 'foo'/],
    [["gatway"], /unknown command 'gatway'\n\(Did you mean gateway\?\)/],
    [["gateway", "--prot", "1"], /unknown option '--prot'\n\(Did you mean --port\?\)/],
    [["gateway", "--port"], /option '--port <number>' argument missing/],
    [["migrate"], /required option '--from <store>' not specified/],
    [["gateway", "--config", "none.json5"], /none\.json5/],
    [["agent", "--agent", "nobody", "hi"], /nobody/],
    [["agent", "--local", "--url", "http://127.0.0.1:1", "hi"], /cannot be used with/],
    [["reload"], /no gateway runs/],
    [["conformance", "--nope"], /unknown option '--nope'/],
    [["conformance", "explain", "SS-99"], /SS-99/],
    [["conformance", "--only", "ZZ"], /ZZ/],
    [["key", "new"], /missing required argument/],
    [["runs", "nope"], /nope/],
    [["docs", "--out", "config.json5/x"], /config\.json5/],
  ])("by %j", async (args, says) => {
    const { status, output, notes } = await run(createPlace({ config: usual }), args);
    expect(status).not.toBe(0);
    expect(output).toBe("");
    expect(notes).toMatch(/^clawgate(?: conformance)?: /);
    expect(notes).toMatch(says);
    expect(notes).not.toMatch(/^error:|^ +at /m);
  });
});

test.each([["-m", ""], ["-m", " \n"], [""]])("`agent` with nothing to say (%j) runs nothing", async (...args) => {
  const { status, output, notes } = await run(createPlace({ config: usual }), ["agent", ...args]);
  expect({ status, output }).toEqual({ status: 2, output: "" });
  expect(notes).toMatch(/^clawgate: there is nothing to say\./m);
});
