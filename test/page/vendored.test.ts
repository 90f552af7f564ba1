import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { listVendored } from "../../tools/page-vendor.ts";
import { digestOf, readScalar, scalar } from "../../tools/reference-vendor.ts";

test.each(listVendored())("page/$file is what the installed package has", ({ file, text }) => {
  expect(readFileSync(join(import.meta.dirname, "../../page", file), "utf8")).toBe(text);
});

test("reference/scalar.js is the file that its digest names", () => {
  expect(digestOf(readScalar())).toBe(scalar.sha512);
});
