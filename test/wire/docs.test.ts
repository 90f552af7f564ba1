import { hash } from "node:crypto";
import { expect } from "vitest";
import { test } from "../gateway.fixture.ts";

test("no script runs in the page of the contract that it did not bring along", async ({ gateway }) => {
  const response = await gateway.request("/docs");
  const policy = response.headers.get("content-security-policy") ?? "";
  const allowed = /script-src ([^;]*)/.exec(policy)?.[1]?.split(" ") ?? [];
  const scripts = [...listScripts(await response.text())];
  expect(scripts.length).toBeGreaterThan(1);
  expect(allowed.toSorted()).toEqual(scripts.map((text) => `'sha256-${hash("sha256", text, "base64")}'`).toSorted());
  expect(policy).toMatch(/default-src 'none';.*frame-ancestors 'none'; base-uri 'none'; form-action 'none'/);
});

/** As a browser finds them: a script ends at the first end tag, whatever its text says. */
function* listScripts(page: string): Generator<string> {
  for (let at = page.indexOf("<script"); at >= 0;) {
    const start = page.indexOf(">", at) + 1;
    const end = page.indexOf("</script", start);
    yield page.slice(start, end);
    at = page.indexOf("<script", end);
  }
}
