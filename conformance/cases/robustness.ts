import { defineCases } from "../case.ts";
import { type CaseContext, needOrdinary } from "../context.ts";
import { expectEqual, expectObject, expectThat, isObject } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import { eachChoice } from "../self-test/edit.ts";
import { isChat, parse, refuse } from "../self-test/edits/requests.ts";
import { answered, ask, describe, expectAccepted, post, toContentJson, toTinyPrompt } from "./request-check.ts";
import { findTwin, listUnknownKeys } from "./robust-keys.ts";

let isDead = false;

const connections = 20;
const leaveMs = 1000;

export const robustnessCases = defineCases([
  {
    id: "ROB-02",
    level: "MUST",
    requirement: "After malformed, refused and broken-off requests the server answers ordinary calls as before.",
    source: "An availability requirement of any server; vLLM tests that the engine survives bad requests",
    alone: true,
    limitMs: 45_000,
    faults: [
      {
        id: "robust-worker-dies",
        what: "The worker dies of a body that does not parse, and nobody starts another.",
        call(call) {
          if (isDead) return refuse(503, { message: "no upstream" });
          isDead = isChat(call) && parse(call.bytes.toString("utf8")) === undefined;
          return undefined;
        },
      },
    ],
    async run(context) {
      needOrdinary(await context.plain());
      await breakOff(context);
      for (const body of ["{", "[".repeat(5000), "\u0000", '{"messages":[{}]}', `"${"x".repeat(100_000)}"`]) {
        await post(context, body);
      }
      await post(context, Buffer.from([0xff, 0xfe, 0x00]));
      for (let count = 0; count < 2; count++) expectAccepted(await ask(context, {}), "an ordinary call afterwards");
    },
  },
  {
    id: "ROB-07",
    level: "SHOULD",
    requirement: "HEAD, OPTIONS, PUT and DELETE run no model, whatever body they carry.",
    source: "RFC 9110, section 9.2.1: HEAD and OPTIONS are safe; scanners and browsers send them",
    alone: true,
    limitMs: 20_000,
    finds: ["cors-preflight-unrouted"],
    faults: [
      {
        id: "robust-method-unread",
        what: "PUT on the endpoint runs the model as POST does.",
        call: ({ method }) => (method === "PUT" ? { method: "POST" } : undefined),
      },
    ],
    async run(context) {
      const before = await countRuns(context);
      for (const method of ["HEAD", "OPTIONS", "PUT", "DELETE"]) {
        const request = { path: "/chat/completions", method, body: context.say(toTinyPrompt(context)) };
        const answer = await answered(context.send(request), `${method} with a body`);
        expectThat(answer.status < 500, `no failure of the server for ${method}`, describe(answer));
        const ran = isObject(answer.json) && answer.json["choices"] !== undefined;
        expectThat(!ran, `no completion for ${method}`, describe(answer));
      }
      if (before === undefined) return;
      // Between the two counts there was one run: the one that counted first.
      expectEqual((await countRuns(context)) ?? 0, before + 1, "the number of runs after those requests");
    },
  },
  {
    id: "ROB-12",
    level: "SHOULD",
    requirement:
      "A key that OpenAI's answers do not have is new, not one of theirs in another spelling (`finishReason`).",
    source:
      "OpenAI's document: CreateChatCompletionResponse, CreateChatCompletionStreamResponse; typed clients read one spelling",
    faults: [
      {
        id: "robust-camel-case",
        what: "Keys are there in a second spelling: `finishReason`.",
        json: (body) => eachChoice(body, (choice) => ({ ...choice, finishReason: choice["finish_reason"] })),
      },
    ],
    async run({ plain, plainStream, note }) {
      const { json } = await plain();
      expectObject(json, "the body");
      const { chunks } = await plainStream({ usage: true });
      const unknown = [...listUnknownKeys(json, "completion"), ...listUnknownKeys(chunks, "chunk")];
      if (unknown.length > 0) note(`keys that OpenAI's document does not have: ${unknown.join(", ")}`);
      for (const one of unknown) {
        const [place = "", key = ""] = one.split(": ");
        const twin = findTwin(place, key);
        expectThat(twin === undefined, `the key "${twin}" in ${place}, in this spelling only`, key);
      }
    },
  },
]);

/** Clients that leave in the middle of the head, of the body and of the answer, and some that never say anything. */
async function breakOff(context: CaseContext): Promise<void> {
  const head = toHead(context.subject, "POST", "/chat/completions", [
    "Content-Type: application/json",
    "Content-Length: 1000",
  ]);
  for (const text of [head.slice(0, 20), `${head}{"model":`, "\u0016\u0003\u0001\u0000", "GET / HTTP/9.9\r\n\r\n"]) {
    const connection = await context.connect();
    connection.write(text);
    await new Promise<void>((resolve) => void setTimeout(resolve, 20));
    connection.reset();
  }
  const silent = await Promise.all(Array.from({ length: connections }, () => context.connect()));
  for (const connection of silent) connection.reset();
  await leaveStream(context);
}

/** Leaves at the first piece of the answer, or soon if the server keeps it all back. */
async function leaveStream(context: CaseContext): Promise<void> {
  const leaving = new AbortController();
  const content = context.has("fixture") ? "@@words 1000 delay=5ms" : "Count from one to one hundred, in words.";
  const options = { signal: leaving.signal, onData: () => leaving.abort() };
  const timer = setTimeout(() => leaving.abort(), leaveMs);
  try {
    await ask(context, { messages: [{ role: "user", content }], stream: true }, options);
  } catch (error) {
    // Leaving is what was wanted; that nobody was there to leave is not.
    if (!leaving.signal.aborted) throw error;
  } finally {
    clearTimeout(timer);
  }
}

/** How many runs the fixture has started; undefined without it. */
async function countRuns(context: CaseContext): Promise<number | undefined> {
  if (!context.has("fixture")) return undefined;
  const answer = await ask(context, { messages: [{ role: "user", content: "@@runs" }] });
  const runs = toContentJson(answer);
  expectObject(runs, "the answer to @@runs");
  return Number(runs["started"]);
}
