import { execFileSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError, toConfigError } from "./config-error.ts";
import { type Resolved, resolveReferences } from "./references.ts";

const environment = {
  NAME: "value",
  LINES: " value\r\n",
  DOLLARS: "a$NAME ${NAME} $${NAME}",
  NESTED: "${NAME}",
  EMPTY: "",
  BLANK: " \n",
};
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "clawgate-references-"));
  writeFileSync(join(folder, "lab.key"), "  secret of a file\n");
  writeFileSync(join(folder, "blank.key"), " \n\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function mustResolve(given: unknown): Resolved {
  const resolved = resolveReferences(given, environment, folder);
  if (resolved.problems.length > 0) throw toConfigError(resolved.problems);
  return resolved;
}

describe("resolveReferences", () => {
  const resolved: readonly { readonly given: unknown; readonly want: unknown }[] = [
    { given: "${NAME}", want: "value" },
    { given: { a: ["x", "${NAME}", { b: "${NAME}" }] }, want: { a: ["x", "value", { b: "value" }] } },
    { given: "${LINES}|${LINES}", want: "value|value" },
    { given: "${DOLLARS}", want: environment.DOLLARS },
    { given: { key: { file: "lab.key" } }, want: { key: "secret of a file" } },
    { given: [{ file: "./lab.key" }], want: ["secret of a file"] },
    { given: { key: { file: "${FOLDER:-.}/lab.key" } }, want: { key: "secret of a file" } },
    { given: "a ${NAME}", want: "a value" },
    { given: "${NAME}x${NAME}", want: "valuexvalue" },
    { given: "${NAME}\n", want: "value\n" },
    { given: "$${NAME}", want: "${NAME}" },
    { given: "$${NAME} ${NAME} $${", want: "${NAME} value ${" },
    { given: "$$${NAME}", want: "$${NAME}" },
    { given: "${NAME:-other}", want: "value" },
    { given: "${NO_SUCH:-other}|${EMPTY:-}|${BLANK:-b}", want: "other||b" },
    { given: "${NO_SUCH:-http://a:1/b}", want: "http://a:1/b" },
    { given: "${NO_SUCH:-${EMPTY:-${NAME}}}!", want: "value!" },
    { given: '${NO_SUCH:-{"a":{}}}!', want: '{"a":{}}!' },
    { given: "${NO_SUCH:-$${NAME}}!", want: "${NAME}!" },
    { given: "^a$ $5 $ {NAME} a$NAME {}", want: "^a$ $5 $ {NAME} a$NAME {}" },
    { given: { file: "lab.key", mode: "x" }, want: { file: "lab.key", mode: "x" } },
    { given: { file: 1 }, want: { file: 1 } },
    { given: { "${NAME}": 1 }, want: { "${NAME}": 1 } },
    { given: [1, true, null, "", {}, []], want: [1, true, null, "", {}, []] },
  ];
  test.each(resolved)("makes $given into $want", ({ given, want }) => {
    expect(resolveReferences(given, environment, folder).value).toEqual(want);
  });

  test("takes an absolute path as it is", () => {
    expect(resolveReferences({ file: join(folder, "lab.key") }, {}, "/nowhere").value).toBe("secret of a file");
  });

  test("leaves what it was given unchanged", () => {
    const given = { a: "${NAME}", b: { file: "lab.key" } };
    resolveReferences(given, environment, folder);
    expect(given).toEqual({ a: "${NAME}", b: { file: "lab.key" } });
  });

  // Windows says who may read a file by other means than modes.
  describe.skipIf(process.platform === "win32")("looks at a file of a secret, and", () => {
    const read = (name: string) => mustResolve({ key: { file: name } });

    function write(name: string, mode: number, text = "secret\n"): string {
      writeFileSync(join(folder, name), text);
      chmodSync(join(folder, name), mode);
      return name;
    }

    test.each([0o600, 0o400, 0o640])("takes one of mode %o without a word", (mode) => {
      expect(read(write(`${mode}.key`, mode))).toMatchObject({ value: { key: "secret" }, warnings: [] });
    });

    test.each([
      { mode: 0o644, problem: /in a file that every user of this machine can read/ },
      // So Docker hands out secrets.
      { mode: 0o444, problem: /in a file that every user of this machine can read/ },
      { mode: 0o660, problem: /in a file that its group can write/ },
    ])("warns of mode $mode", ({ mode, problem }) => {
      const { value, warnings } = read(write(`${mode}.key`, mode));
      expect(value).toEqual({ key: "secret" });
      expect(warnings).toEqual([{ key: "key", problem: expect.stringMatching(problem) as string }]);
    });

    test("follows links, as Kubernetes makes them, and looks at what they lead to", () => {
      symlinkSync(write("target.key", 0o600), join(folder, "link.key"));
      expect(read("link.key")).toMatchObject({ value: { key: "secret" }, warnings: [] });
      chmodSync(join(folder, "target.key"), 0o666);
      expect(() => read("link.key")).toThrow(/^key .*link\.key, which every user of this machine can write/);
    });

    test.each([
      { what: "all can write", make: () => write("open.key", 0o606), says: /can write: chmod 600/ },
      {
        what: "is too long",
        make: () => write("long.key", 0o600, "x".repeat(1_000_000)),
        says: /more than 65536 bytes/,
      },
      { what: "leads nowhere", make: () => leadNowhere(), says: /cannot be read/ },
      { what: "is a pipe, which nobody waits for", make: () => makePipe(), says: /no regular file/ },
      { what: "is a folder", make: () => ".", says: /no regular file/ },
      { what: "has no end", make: () => "/dev/zero", says: /no regular file/ },
    ])("refuses one that $what, with the name of its key", ({ make, says }) => {
      const name = make();
      expect(() => read(name)).toThrow(ConfigError);
      expect(() => read(name)).toThrow(says);
      expect(() => read(name)).toThrow(/^key refers to the file /);
    });

    function leadNowhere(): string {
      symlinkSync("nothing", join(folder, "dangling.key"));
      return "dangling.key";
    }

    function makePipe(): string {
      execFileSync("mkfifo", [join(folder, "pipe.key")]);
      return "pipe.key";
    }

    test("lets the instructions of an agent be read by all, and be long", () => {
      write("long.md", 0o644, "x".repeat(500_000));
      const given = { agents: { defaults: { instructions: { file: "long.md" } } } };
      expect(resolveReferences(given, {}, folder).warnings).toEqual([]);
    });
  });

  const refused: readonly { readonly given: unknown; readonly says: RegExp }[] = [
    { given: { a: { b: "${NO_SUCH}" } }, says: /^a\.b .*NO_SUCH.*not set/ },
    { given: { a: [0, "${EMPTY}"] }, says: /^a\[1\] .*EMPTY.*empty/ },
    { given: { a: [{ b: "${toString}" }] }, says: /^a\[0\]\.b .*toString.*not set/ },
    { given: { a: "x ${BLANK}" }, says: /^a .*BLANK.*empty/ },
    { given: { a: "${NO_SUCH:-${NO_OTHER}}" }, says: /^a .*NO_OTHER.*not set/ },
    { given: { a: { file: "${NO_SUCH}/lab.key" } }, says: /^a\.file .*NO_SUCH/ },
    ...[
      "${1NAME}",
      "a ${NAME",
      "${}",
      "${ NAME }",
      "${NAME-x}",
      "${NAME:?x}",
      "${env:NAME}",
      "${{ NAME }}",
      "$$ ${",
    ].map((text) => ({ given: { a: [text] }, says: /^a\[0\] has a '\$\{' that begins no reference/ })),
    ...["$NAME", "Bearer $NAME", "http://$NAME:1", "--a=$NAME", "{env:NAME}", "x {file:a}", "${NO_SUCH:-$NAME}"].map(
      (text) => ({ given: { a: text }, says: /^a has what looks like a reference/ }),
    ),
    { given: { a: "${NESTED}" }, says: /^a .*NESTED, which holds a reference itself/ },
    { given: { a: { file: "no.key" } }, says: /^a .*no\.key.*cannot be read/ },
    { given: { a: { file: "blank.key" } }, says: /^a .*blank\.key.*empty/ },
    { given: { a: { file: "." } }, says: /^a .*cannot be read/ },
  ];
  test.each(refused)("refuses $given and names the key", ({ given, says }) => {
    const resolve = (): unknown => mustResolve(given);
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow(says);
  });

  test("takes what a model is told as it is, but for `${`", () => {
    const told = (instructions: string): object => ({ agents: { list: [{ id: "main", instructions }] } });
    const text = '"Say $HOME, {env:A} and “${NAME}”."';
    const { value, warnings } = resolveReferences(told(text), environment, folder);
    expect({ value, warnings }).toEqual({ value: told(text.replace("${NAME}", "value")), warnings: [] });
    expect(() => mustResolve(told("Say ${HOME"))).toThrow(/^agents\.list\[0\]\.instructions /);
  });

  const quoted: readonly { readonly given: unknown; readonly says: readonly RegExp[] }[] = [
    { given: { a: "'x'" }, says: [/^a is in quotation marks/] },
    { given: { a: "${QUOTED}" }, says: [/^a \(from the environment variable QUOTED\) is in quotation marks/] },
    { given: { a: "Bearer ${QUOTED}" }, says: [/^a \(from the environment variable QUOTED\)/] },
    { given: { a: ["“x”", "x”", "«x»"] }, says: [/^a\[0\] .*typographic/, /^a\[1\] .*typogr/, /^a\[2\] .*typogr/] },
    { given: { a: { file: "quoted.key" } }, says: [/^a \(from the file .*quoted\.key\) is in quotation marks/] },
    { given: { a: ['"', "don't", '"a" and "b', "`a", ""] }, says: [] },
  ];
  test.each(quoted)("warns of quotation marks in $given, and shows no value", ({ given, says }) => {
    writeFileSync(join(folder, "quoted.key"), "'hunter2'\n", { mode: 0o600 });
    const { warnings } = resolveReferences(given, { QUOTED: '"hunter2"' }, folder);
    const texts = warnings.map(({ key, problem }) => `${key} ${problem}`);
    expect(texts).toEqual(says.map((pattern): unknown => expect.stringMatching(pattern)));
    expect(texts.join("\n")).not.toContain("hunter2");
  });
});
