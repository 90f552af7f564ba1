import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { errorCodes } from "../../generated/policies.ts";
import { toViolation } from "../../src/base/violation.ts";

const source = join(import.meta.dirname, "../../src");

/** Codes that the contract promises for later; a code that is used leaves this list. */
const reserved: readonly string[] = [];

function loadSource(): string {
  const names = readdirSync(source, { recursive: true, encoding: "utf8" });
  const own = names.filter((name) => name.endsWith(".ts") && !/\.(?:test|fixture)\.ts$/.test(name));
  return own.map((name) => readFileSync(join(source, name), "utf8")).join("\n");
}

/** Codes that src/base/violation.ts puts together, and that no literal shows. */
function listComposed(): string[] {
  return ["minimum", "maximum"].flatMap((keyword) =>
    ["integer", "number"].map((type) => {
      const finding = {
        keyword,
        instancePath: "/a",
        schemaPath: "",
        params: { limit: 1 },
        data: 0,
        parentSchema: { type },
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
