import { expect, test } from "vitest";
import { cases } from "../../conformance/cases.ts";
import { runCases } from "../../conformance/judge/engine.ts";
import { probe } from "../../conformance/reach/probe.ts";
import { selectCases } from "../../conformance/judge/select.ts";
import type { Subject } from "../../conformance/reach/subject.ts";
import { toExitStatus } from "../../conformance/verdict.ts";
import { startTestGateway, testToken } from "../gateway.fixture.ts";

/** What another clawgate can do beyond a server of which nothing is known. */
const compat = {
  supportsCustomTools: true,
  supportsDeveloperRole: true,
  maxTokensField: "max_completion_tokens",
};

/**
 * One waits half a minute for a body, long before any model is called; the other skips itself where a long stream takes
 * seconds.
 */
const left = ["LIM-03", "SE-14"];

test("a gateway in front of a gateway conforms as one alone does", { timeout: 180_000 }, async () => {
  // It is told to fail, too.
  const inner = await startTestGateway({ expectErrors: true });
  const outer = await startTestGateway({
    config: {
      gateway: { http: { allowedOrigins: ["https://app.example"] } },
      models: {
        providers: { inner: { api: "openai-completions", baseUrl: inner.baseUrl, apiKey: testToken, compat } },
      },
      agents: { defaults: { model: "inner/openclaw" } },
    },
  });
  const asked = { baseUrl: outer.baseUrl, apiKey: testToken, model: "openclaw", profile: "chat" } as const;
  // The limits of calls are for the servers of users; no case may fail here because the machine is busy.
  const subject: Subject = { ...asked, patience: 5 };
  const { results, died } = await runCases({
    ...(await probe(subject)),
    cases: selectCases(cases, { only: [], skip: left, profile: "chat" }),
    subject,
    sdks: [7],
    concurrency: 16,
    seed: 1,
    baseline: new Map(),
  });
  const failed = results.filter(({ verdict }) => verdict === "fail" || verdict === "error");
  expect(failed.map(({ id, expected, actual, reason }) => ({ id, expected, actual, reason }))).toEqual([]);
  expect({ died, status: toExitStatus(results, "must") }).toEqual({ died: undefined, status: 0 });
  // The fixture behind both makes nearly every case decidable.
  expect(results.filter(({ verdict }) => verdict === "pass").length).toBeGreaterThan(200);
});
