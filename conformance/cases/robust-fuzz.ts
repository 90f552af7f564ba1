import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { Failure, isObject } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { crash, isChat } from "../self-test/edits/requests.ts";
import { describe, toChoice, toError } from "./request-check.ts";
import { type RandomBody, toRandomBody } from "./robust-bodies.ts";

/** A model that thinks costs time and money; the fixture does neither. */
const amounts = { fixture: { bodies: 200, answerMs: 5000 }, live: { bodies: 60, answerMs: 20_000 } };
const concurrency = 8;
const shownCharacters = 2000;

export const robustFuzzCases = defineCases([
  {
    id: "ROB-01",
    level: "SHOULD",
    requirement:
      "Whatever JSON object comes as the body, the answer is a completion or a 4xx with the error envelope, and it comes.",
    source:
      "RFC 9110, section 15.6: a 5xx says that the server has failed, and SDKs repeat such requests; Schemathesis: not_a_server_error",
    alone: true,
    limitMs: 240_000,
    faults: [
      {
        id: "robust-surrogates-500",
        what: "Half a pair of surrogates in a text cannot be encoded: 500.",
        call: (call) => (/\\u(?:d800|dc00)/.test(call.bytes.toString("latin1")) ? crash : undefined),
      },
      {
        id: "robust-type-error-500",
        what: "A field of the wrong type is a 500, as a method of it is called.",
        answer: (answer, call) =>
          answer.status === 400 && isChat(call) ? { ...crash, headers: answer.headers } : answer,
      },
      {
        id: "robust-envelope-missing",
        what: "Refusals are plain text.",
        answer: (answer) =>
          answer.status === 400
            ? { status: 400, headers: { "content-type": "text/plain" }, body: "Bad Request" }
            : answer,
      },
    ],
    async run(context) {
      const { bodies, answerMs } = context.has("fixture") ? amounts.fixture : amounts.live;
      const made = Array.from({ length: bodies }, () => toRandomBody(context.random, context.subject.model));
      const counts = { answered: 0, refused: 0, "wrong and answered": 0 };
      let finding: Finding | undefined;
      // One batch after the other, and of a batch the first that is wrong: what is asked, and asked next, must not depend
      // on which answer comes first, since a recording may be replayed in another order.
      for (let at = 0; at < bodies && finding === undefined; at += concurrency) {
        const batch = made.slice(at, at + concurrency);
        // oxlint-disable-next-line no-await-in-loop -- a server that fails is left alone after it
        const judged = await Promise.all(batch.map(({ body }) => judge(context, body, answerMs)));
        for (const [index, one] of batch.entries()) {
          const { answer, fault } = judged[index] ?? {};
          if (fault !== undefined) finding ??= { body: one.body, fault };
          count(counts, one, answer);
        }
      }
      if (finding === undefined) return context.note(`of ${bodies} bodies: ${show(counts)}`);
      const { body, fault } = await shrink(context, finding, answerMs);
      throw new Failure(
        "a completion, or a 4xx with the error envelope",
        `${fault}; for the body ${JSON.stringify(body).slice(0, shownCharacters)}`,
      );
    },
  },
]);

interface Finding {
  readonly body: object;
  readonly fault: string;
}

interface Judgement {
  readonly answer?: WireAnswer;
  readonly fault?: string;
}

async function judge(context: CaseContext, body: object, limitMs: number): Promise<Judgement> {
  try {
    const answer = await context.send({ path: "/chat/completions", method: "POST", body, limitMs });
    const fault = findFault(answer);
    return fault === undefined ? { answer } : { answer, fault };
  } catch (error) {
    if (context.signal.aborted || /ECONNREFUSED/.test(String(error))) throw error;
    return { fault: `no answer (${(error as Error).message})` };
  }
}

function findFault(answer: WireAnswer): string | undefined {
  const { status, end } = answer;
  if (end !== "complete") return `an answer that did not end well (${end}): ${describe(answer)}`;
  if (status === 200) return isCompletion(answer) ? undefined : `200 without a completion: ${describe(answer)}`;
  if (status < 400 || status > 499) return describe(answer);
  const message = toError(answer)?.["message"];
  return typeof message === "string" && message !== "" ? undefined : `no envelope: ${describe(answer)}`;
}

function isCompletion(answer: WireAnswer): boolean {
  const type = answer.headers["content-type"] ?? "";
  return type.startsWith("text/event-stream") ? /^data:/m.test(answer.text) : isObject(toChoice(answer)?.["message"]);
}

function count(counts: Record<string, number>, { wrong }: RandomBody, answer: WireAnswer | undefined): void {
  const add = (name: string): void => void (counts[name] = (counts[name] ?? 0) + 1);
  if (answer?.status !== 200) return add("refused");
  add("answered");
  if (wrong) add("wrong and answered");
}

/** Leaves out whatever the fault does not need, one field of the body after the other. */
async function shrink(context: CaseContext, finding: Finding, answerMs: number): Promise<Finding> {
  let smallest = finding;
  for (const name of Object.keys(finding.body)) {
    const body = Object.fromEntries(Object.entries(smallest.body).filter(([key]) => key !== name));
    const { fault } = await judge(context, body, answerMs);
    if (fault !== undefined) smallest = { body, fault };
  }
  return smallest;
}

function show(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, number]) => `${number} ${name}`)
    .join(", ");
}
