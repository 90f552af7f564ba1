// Prints the plain closing line of a test run from vitest's JSON report.
import { readFileSync } from "node:fs";

const report = JSON.parse(readFileSync(new URL("../reports/tests.json", import.meta.url), "utf8"));
const { numPassedTests: passed, numFailedTests: failed, numPendingTests: skipped } = report;
const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
for (const { status, fullName, failureMessages } of tests)
  if (status === "passed" && failureMessages.length > 0)
    console.log(`failed once, then passed: ${fullName}\n${failureMessages.join("\n")}`);
console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
