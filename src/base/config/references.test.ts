import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ConfigError } from "./config-error.ts";
import { resolveReferences } from "./references.ts";

const environment = { NAME: "value", OTHER_1: "${NAME}", EMPTY: "" };
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "clawgate-references-"));
  writeFileSync(join(folder, "lab.key"), "  secret of a file\n");
  writeFileSync(join(folder, "blank.key"), " \n\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

describe("resolveReferences", () => {
  const resolved: readonly { readonly given: unknown; readonly want: unknown }[] = [
    { given: "${NAME}", want: "value" },
    { given: { a: ["x", "${NAME}", { b: "${NAME}" }] }, want: { a: ["x", "value", { b: "value" }] } },
    { given: "${OTHER_1}", want: "${NAME}" },
    { given: { key: { file: "lab.key" } }, want: { key: "secret of a file" } },
    { given: [{ file: "./lab.key" }], want: ["secret of a file"] },
    { given: "a ${NAME}", want: "a ${NAME}" },
    { given: "${NAME}x", want: "${NAME}x" },
    { given: "$NAME", want: "$NAME" },
    { given: "${1NAME}", want: "${1NAME}" },
    { given: "${NAME}\n", want: "${NAME}\n" },
    { given: { file: "lab.key", mode: "x" }, want: { file: "lab.key", mode: "x" } },
    { given: { file: 1 }, want: { file: 1 } },
    { given: { "${NAME}": 1 }, want: { "${NAME}": 1 } },
    { given: [1, true, null, "", {}, []], want: [1, true, null, "", {}, []] },
  ];
  test.each(resolved)("makes $given into $want", ({ given, want }) => {
    expect(resolveReferences(given, environment, folder)).toEqual(want);
  });

  test("takes an absolute path as it is", () => {
    expect(resolveReferences({ file: join(folder, "lab.key") }, {}, "/nowhere")).toBe("secret of a file");
  });

  test("leaves what it was given unchanged", () => {
    const given = { a: "${NAME}", b: { file: "lab.key" } };
    resolveReferences(given, environment, folder);
    expect(given).toEqual({ a: "${NAME}", b: { file: "lab.key" } });
  });

  const refused: readonly { readonly given: unknown; readonly says: RegExp }[] = [
    { given: { a: { b: "${NO_SUCH}" } }, says: /^a\.b .*NO_SUCH.*not set/ },
    { given: { a: [0, "${EMPTY}"] }, says: /^a\[1\] .*EMPTY.*empty/ },
    { given: { a: [{ b: "${toString}" }] }, says: /^a\[0\]\.b .*toString.*not set/ },
    { given: { a: { file: "no.key" } }, says: /^a .*no\.key.*cannot be read/ },
    { given: { a: { file: "blank.key" } }, says: /^a .*blank\.key.*empty/ },
    { given: { a: { file: "." } }, says: /^a .*cannot be read/ },
  ];
  test.each(refused)("refuses $given and names the key", ({ given, says }) => {
    const resolve = (): unknown => resolveReferences(given, environment, folder);
    expect(resolve).toThrow(ConfigError);
    expect(resolve).toThrow(says);
  });
});
