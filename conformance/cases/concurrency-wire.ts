import { setTimeout as delay } from "node:timers/promises";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, Failure } from "../expect.ts";
import { createAgent } from "../lens/dial.ts";
import type { WireRequest } from "../lens/wire.ts";
import { withHeaders } from "../self-test/edit.ts";
import type { Change, ProxiedCall } from "../self-test/mutant.ts";
import { saysClose, toGet, toPost, waitForAnswers } from "./concurrency-raw.ts";

/** Calls that a limit allows before it says no. */
const callsMax = 30;

const callsInARow = 50;
/** Fewer where a real model has to answer each. */
const liveCallsInARow = 10;
/** As long as undici, the HTTP client of Node, keeps an idle connection. */
const idleMs = 4000;

/** Several requests on one connection. */
export const connectionCases = defineCases([
  {
    id: "CONC-04",
    level: "MUST",
    requirement: "Many calls in a row on one kept connection are all answered.",
    source: "RFC 9112, section 9.3 (persistence); the SDK's fetch keeps connections, every major",
    limitMs: 60_000,
    finds: ["answers-mixed-up", "json-then-done"],
    faults: [
      {
        id: "limit-of-calls",
        what: "After thirty calls the server answers 429.",
        answer: limitCalls(),
      },
    ],
    async run(context) {
      const { subject, has, send } = context;
      const options = { keepAlive: true, maxSockets: 1 };
      const agent = createAgent(subject, subject.baseUrl.startsWith("https:"), options);
      const count = has("fixture") || has("models") ? callsInARow : liveCallsInARow;
      try {
        for (let at = 0; at < count; at++) {
          const answer = await send({ ...toCheapRequest(context, at), agent, limitMs: 8000 }).catch(
            (error: unknown) => {
              throw new Failure(`an answer to call ${at + 1} on one connection`, String(error));
            },
          );
          expectEqual(answer.status, 200, `the status of call ${at + 1} on one connection`);
          expectThat(
            answer.end === "complete" && answer.json !== undefined,
            "a whole answer",
            answer.text.slice(0, 200),
          );
          if (has("fixture")) expectThat(answer.text.includes(`call ${at}`), `the answer to call ${at}`, answer.text);
        }
      } finally {
        agent.destroy();
      }
    },
  },
  {
    id: "CONC-05",
    level: "SHOULD",
    requirement:
      "An idle connection stays open for at least 4 s, or the answer before says when it will close (`Connection: close`, `Keep-Alive: timeout=…`).",
    source:
      "RFC 9112, section 9.5; undici, under the SDK's fetch, uses an idle connection for 4 s, and a close in that moment is ECONNRESET",
    limitMs: 20_000,
    async run(context) {
      const { subject, connect, signal, has } = context;
      const request = has("models") ? toGet(subject, "/models") : toPost(subject, context.say("hi", { max_tokens: 1 }));
      const connection = await connect();
      try {
        connection.write(request);
        const [first] = await waitForAnswers(connection, 1, signal, 8000);
        if (first === undefined || saysClose(first)) return context.note("the server closes after each answer");
        const told = /timeout=(\d+)/.exec(first.headers.get("keep-alive") ?? "")?.[1];
        // A client that is told a time uses the connection until a second before it.
        const keptMs = told === undefined ? idleMs : Math.min(idleMs, Number(told) * 1000 - 1000);
        if (keptMs <= 0) return context.note(`the server keeps connections for ${told} s, and says so`);
        await delay(keptMs, undefined, { signal });
        expectThat(!connection.closed, `a connection that is open after ${keptMs} ms`, "it was closed without a word");
        connection.write(request);
        const [, second] = await waitForAnswers(connection, 2, signal, 8000);
        expectEqual(second?.status, first.status, `the status of a second call after ${keptMs} ms`);
      } finally {
        connection.close();
      }
    },
  },
  {
    id: "CONC-06",
    level: "SHOULD",
    requirement:
      "After an error the connection can be used again, or the error says `Connection: close`; pipelined requests are answered in order.",
    source: "RFC 9112, sections 9.3 and 9.3.2",
    faults: [
      {
        id: "error-length-too-long",
        what: "`content-length` of an error is longer than its body, and the connection cannot be used again.",
        answer: (answer) =>
          answer.status === 400
            ? withHeaders(answer, { "content-length": String(String(answer.body).length + 5) })
            : answer,
      },
    ],
    async run(context) {
      const { subject, connect, signal, has } = context;
      const bad = toPost(subject, { model: subject.model, messages: [] });
      const good = has("models") ? toGet(subject, "/models") : toPost(subject, context.say("hi", { max_tokens: 1 }));
      const inTurn = await connect();
      const atOnce = await connect();
      try {
        inTurn.write(bad);
        const [refused] = await waitForAnswers(inTurn, 1, signal);
        expectThat((refused?.status ?? 0) >= 400, "an error for an empty list of messages", refused?.status);
        if (refused !== undefined && saysClose(refused)) context.note("the server closes after an error");
        else {
          inTurn.write(good);
          const [, answered] = await waitForAnswers(inTurn, 2, signal, 8000);
          expectEqual(answered?.status, 200, "the status of a call after an error on the same connection");
        }
        const missing = toGet(subject, "/no-such-path-xyz");
        atOnce.write(`${good}${missing}${good}`);
        const [first] = await waitForAnswers(atOnce, 1, signal, 8000);
        if (first !== undefined && saysClose(first)) return context.note("pipelining is declined with close");
        const [one, two] = await waitForAnswers(atOnce, 2, signal, 8000);
        expectEqual(one?.status, 200, "the status of the first of three pipelined calls");
        expectThat((two?.status ?? 0) >= 400, "an error for the second of three pipelined calls", two?.status);
        if (two !== undefined && saysClose(two)) return;
        const [, , three] = await waitForAnswers(atOnce, 3, signal, 8000);
        expectEqual(three?.status, 200, "the status of the third of three pipelined calls");
      } finally {
        inTurn.close();
        atOnce.close();
      }
    },
  },
]);

/** A request that costs little, and whose answer shows which one it was where the fixture allows it. */
function toCheapRequest({ say, has }: CaseContext, at: number): WireRequest {
  if (has("fixture")) return { path: "/chat/completions", body: say(`@@echo call ${at}`) };
  if (has("models")) return { path: "/models", method: "GET" };
  return { path: "/chat/completions", body: say("hi", { max_tokens: 1 }) };
}

function limitCalls(): NonNullable<Change["answer"]> {
  let count = 0;
  return (answer, { path }: ProxiedCall) => {
    count += path.endsWith("/chat/completions") ? 1 : 0;
    return count > callsMax ? { ...answer, status: 429 } : answer;
  };
}
