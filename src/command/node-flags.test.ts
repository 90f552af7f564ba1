import { expect, test } from "vitest";
import { findRiskyFlags } from "./node-flags.ts";

test.each([
  "--inspect",
  "--inspect=0.0.0.0:9229",
  "--inspect-brk",
  "--insecure-http-parser",
  "--heapsnapshot-signal=SIGUSR2",
  "--report-uncaught-exception",
])("%s is dangerous, and named without its value", (flag) => {
  const found = findRiskyFlags(["--import=./tracing.mjs", flag, "--max-old-space-size=512"]);
  expect(found.map(({ key }) => key)).toEqual([`node ${flag.split("=")[0]}`]);
});

test("others are not", () => {
  expect(findRiskyFlags(["", "--enable-source-maps", "--inspect-publish-uid=http", "--no-warnings"])).toEqual([]);
});
