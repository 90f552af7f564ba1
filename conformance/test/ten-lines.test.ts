// A server that somebody writes in ten lines, and that the calls of the SDK work with: whoever maintains it shall hear of
// what users of an SDK see, and of nothing else as MUST.
import { type IncomingMessage, type ServerResponse } from "node:http";
import OpenAI from "openai";
import { expect, test } from "vitest";
import { cases } from "../cases.ts";
import { runCases } from "../judge/engine.ts";
import { toFindings, toResultName } from "../tell/findings.ts";
import { probe } from "../reach/probe.ts";
import { selectCases } from "../judge/select.ts";
import type { Report } from "../shapes.ts";
import { listen } from "./listen.fixture.ts";

/** The body, and whether it asks for a stream. */
async function read(request: IncomingMessage): Promise<{ stream: boolean }> {
  const body = JSON.parse((await Array.fromAsync(request)).join("")) as { stream?: boolean };
  return { stream: body.stream === true };
}

async function answer(request: IncomingMessage, response: ServerResponse): Promise<unknown> {
  const refuse = (status: number): unknown => response.writeHead(status).end("It is refused.");
  if (request.url !== "/v1/chat/completions") return refuse(404);
  const { stream } = await read(request).catch(() => ({ stream: undefined }));
  if (stream === undefined) return refuse(400);
  const id = crypto.randomUUID();
  const [role, content, finish_reason] = ["assistant", "hello there", "stop"];
  const toBody = (choice: object): string => JSON.stringify({ id, choices: [{ index: 0, ...choice }] });
  response.setHeader("content-type", stream ? "text/event-stream" : "application/json");
  if (!stream) return response.end(toBody({ message: { role, content }, finish_reason }));
  for (const choice of [{ delta: { role, content } }, { delta: {}, finish_reason }])
    response.write(`data: ${toBody(choice)}\n\n`);
  return response.end("data: [DONE]\n\n");
}

function startTenLines(): Promise<string> {
  return listen((request, response) => void answer(request, response));
}

/** What a user of an SDK sees of it, each in one sentence. */
const seen: Readonly<Record<string, string>> = {
  "REQ-28": "Two choices were asked for, and there is one.",
  "REQ-42": "The function that must be called is not.",
  "SO-09": "`.parse()` throws over the text.",
};

/** What there is to mend in it, beside the cases that stand alone; of each how many cases it takes together at least. */
const shared: Readonly<Record<string, number>> = {
  "Requests are not checked: what OpenAI refuses with 400 is answered as if it were right.": 24,
  "Answers lack `object`, `created`, `model`.": 5,
};

test("a server of ten lines fails no MUST but what a user of an SDK sees", async () => {
  const baseUrl = await startTenLines();
  const client = new OpenAI({ baseURL: baseUrl, apiKey: "none" });
  const whole = await client.chat.completions.create({ model: "m", messages: [{ role: "user", content: "hi" }] });
  expect(whole.choices[0]?.message.content).toBe("hello there");
  const subject = { baseUrl, apiKey: "", model: "m", profile: "chat" } as const;
  const { results, died } = await runCases({
    ...(await probe(subject)),
    cases: selectCases(cases, { only: [], skip: [], profile: "chat" }),
    subject,
    sdks: [7],
    concurrency: 8,
    seed: 1,
    baseline: new Map(),
  });
  const failed = results.filter(({ verdict }) => verdict === "fail");
  expect({ died, errors: results.filter(({ verdict }) => verdict === "error") }).toEqual({
    died: undefined,
    errors: [],
  });
  expect(failed.map(({ id }) => id)).toEqual(Object.keys(seen));

  const found = results.filter(({ verdict }) => verdict === "fail" || verdict === "warn");
  expect(found.filter(({ exchanges }) => exchanges.length === 0)).toEqual([]);
  // What the report has of them is what it is made of.
  const findings = toFindings(structuredClone(results) as Report["results"]);
  for (const [title, least] of Object.entries(shared)) {
    const [finding, ...others] = findings.filter((one) => one.title === title);
    expect(others, title).toEqual([]);
    expect(finding?.cases.length, title).toBeGreaterThanOrEqual(least);
  }
  expect(findings.flatMap((one) => one.results).toSorted()).toEqual(
    found.map((one) => toResultName(structuredClone(one) as Report["results"][number])).toSorted(),
  );
});
