import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes } from "../generated/policies.ts";
import { toViolation } from "@clawgate/contract";

/** The gateway, and the checks that name what they find. */
const sources = ["../src", "../contract/runtime"].map((folder) => join(import.meta.dirname, folder));

/** Codes that the contract promises for later; a code that is used leaves this list. */
const reserved: readonly string[] = [];

function loadSource(): string {
  const paths = sources.flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name)),
  );
  const own = paths.filter((path) => path.endsWith(".ts") && !/\.(?:test|fixture)\.ts$/.test(path));
  return own.map((path) => readFileSync(path, "utf8")).join("\n");
}

/** Codes that @clawgate/contract puts together, and that no literal shows. */
function listComposed(): string[] {
  return ["minimum", "maximum"].flatMap((keyword) =>
    ["integer", "number"].map((type) => {
      const finding = {
        keyword,
        instancePath: "/a",
        params: { limit: 1 },
        data: 0,
        expected: { types: [type] },
      };
      return toViolation([finding]).code;
    }),
  );
}

test("every error code is used by the gateway or reserved", () => {
  const text = loadSource();
  const composed = new Set(listComposed());
  expect(composed.size).toBe(4);
  const unused = Object.keys(errorCodes).filter((code) => !text.includes(`"${code}"`) && !composed.has(code));
  expect(unused).toEqual(reserved);
});
