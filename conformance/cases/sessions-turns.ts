import { setTimeout as delay } from "node:timers/promises";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectThat } from "../expect.ts";
import { toRefusal, withFields } from "../self-test/edit.ts";
import type { Change, ProxiedCall } from "../self-test/mutant.ts";
import { expectStatus, toContent } from "./sdk-answer.ts";
import { askMessages, type Caller, expectKnown, tell, tellWord, toBody, toName } from "./sessions-talk.ts";
import { parseJson } from "./tools-calls.ts";

type Changed = ReturnType<NonNullable<Change["call"]>>;

const callsAtOnce = 5;

/** What a session holds after calls that overlap, fail or say everything again. */
export const sessionTurnCases = defineCases([
  {
    id: "SESS-09",
    level: "EXT",
    requirement:
      "Calls of one session that come at once are run one after another, or refused with 409 or 429 and `retry-after`; their turns never mix.",
    source: "A transcript in which two turns interleave is refused by model providers and makes wrong answers",
    needs: ["memory", "fixture"],
    faults: [
      {
        id: "session-busy-without-retry-after",
        what: "A second call of a busy session is refused without saying when to come back.",
        ...refuseWhileBusy(),
      },
      {
        id: "session-turns-mixed",
        what: "Turns that come at once are answered with each other's text.",
        call: (call) => {
          const text = JSON.stringify(call.body?.["messages"]);
          return text.includes("@@echo answer 1") ? { bytes: replaced(call, "answer 1", "answer 2") } : undefined;
        },
      },
    ],
    async run(context) {
      const caller = { user: toName("alice") };
      const numbers = Array.from({ length: callsAtOnce }, (_value, index) => index);
      const answers = await Promise.all(
        numbers.map((number) => context.chat(toBody(context, caller, `@@think 50ms\n@@echo answer ${number}`))),
      );
      for (const [number, answer] of answers.entries()) {
        const { status, headers } = answer;
        expectOneOf(status, [200, 409, 429], "the status of a call among others of its session");
        if (status === 200) expectEqual(toContent(answer), `answer ${number}`, "the answer to a call among others");
        else expectThat(headers["retry-after"] !== undefined, "retry-after with a refusal", headers);
      }
      const done = answers.filter(({ status }) => status === 200).map((answer) => toContent(answer));
      expectThat(done.length > 0, "at least one call that is served", "none");
      const seen = await askMessages(context, caller);
      const questions = seen.filter((_message, index) => index % 2 === 0).map(({ content }) => toAnswerOf(content));
      const said = seen.filter((_message, index) => index % 2 === 1).map(({ content }) => content);
      expectEqual(questions, said, "each turn with its own answer behind it");
      expectEqual(toSorted(said.map(String)), toSorted(done), "the turns of the session");
    },
  },
  {
    id: "SESS-10",
    level: "EXT",
    requirement: "A call that fails or is aborted leaves the session usable, and the turns before it in place.",
    source:
      "open-webui/open-webui#28305, openclaw/openclaw#47136: one bad turn made every later call of a session fail",
    needs: ["memory", "fixture"],
    finds: ["failure-200", "sessions-none"],
    faults: [
      {
        id: "session-stuck-after-failure",
        what: "A session in which a call has failed refuses all later ones: openclaw/openclaw#47136.",
        ...refuseAfterFailure(),
      },
    ],
    async run(context) {
      const caller = { user: toName("alice") };
      const word = await tellWord(context, caller);
      const failed = await context.chat(toBody(context, caller, "@@fail after=2"));
      expectThat(failed.status >= 500, "a call that fails", failed.status);
      await abortTurn(context, caller, { stream: true });
      await abortTurn(context, caller, {});
      await expectKnown(context, caller, word, "the session, after a failed call and two aborted ones,");
      expectEqual(await tell(context, caller, "@@echo still here"), "still here", "the next answer");
      const roles = (await askMessages(context, caller)).map(({ role }) => role);
      const isPaired = roles.every((role, index) => role === (index % 2 === 0 ? "user" : "assistant"));
      expectThat(isPaired, "whole turns in the session: user and assistant in turn", roles);
    },
  },
  {
    id: "SESS-11",
    level: "EXT",
    requirement:
      "A client that sends its whole conversation along with a session does not make the model read any turn twice.",
    source: "Every chat client resends the conversation; a model that reads it doubled answers to the wrong turn",
    needs: ["memory", "fixture"],
    faults: [
      {
        id: "session-history-twice",
        what: "What the client sends of the conversation is put behind what is remembered of it.",
        call: (call) => {
          const messages = call.body?.["messages"];
          return Array.isArray(messages) && messages.length > 1 && call.body?.["user"]
            ? withFields(call, { messages: [...(messages as unknown[]).slice(0, -1), ...(messages as unknown[])] })
            : undefined;
        },
      },
    ],
    async run(context) {
      const caller = { user: toName("alice") };
      const first = { role: "user", content: "@@echo first answer" };
      const answered = await tell(context, caller, first.content);
      const messages = [first, { role: "assistant", content: answered }, { role: "user", content: "@@messages" }];
      const answer = await context.chat({ ...toBody(context, caller, ""), messages });
      const seen = parseJson(toContent(answer));
      expectThat(Array.isArray(seen), "@@messages to say a list", seen);
      const contents = seen.map((message) => (message as { content?: unknown }).content);
      expectEqual(
        contents,
        messages.map(({ content }) => content),
        "what the model received",
      );
    },
  },
]);

/** `@@think 50ms\n@@echo answer 3` → `answer 3`. */
function toAnswerOf(content: unknown): string {
  return /@@echo (.*)$/.exec(String(content))?.[1] ?? String(content);
}

function toSorted(texts: readonly string[]): string[] {
  return texts.toSorted((one, other) => one.localeCompare(other));
}

/** Begins a long turn and leaves in the middle of it. */
async function abortTurn(context: CaseContext, caller: Caller, fields: object): Promise<void> {
  const left = new AbortController();
  const body = { ...toBody(context, caller, "@@words 200 delay=20ms"), ...fields };
  const signal = AbortSignal.any([left.signal, context.signal]);
  const call = context.chat(body, { signal }).then(
    (answer) => expectStatus(answer, 200, "a call that is aborted"),
    () => undefined,
  );
  await delay(150);
  left.abort();
  await call;
}

function refuseWhileBusy(): Pick<Change, "call" | "answer"> {
  const busy = new Set<unknown>();
  return {
    call: ({ body }): Changed => {
      const user = body?.["user"];
      if (user === undefined) return undefined;
      if (busy.has(user)) return toRefusal(409, "the session is busy");
      busy.add(user);
      return undefined;
    },
    answer: (answer, { body }) => {
      busy.delete(body?.["user"]);
      return answer;
    },
  };
}

function replaced({ bytes }: ProxiedCall, from: string, to: string): Buffer {
  return Buffer.from(bytes.toString("utf8").replace(from, to));
}

function refuseAfterFailure(): Pick<Change, "call" | "answer"> {
  const stuck = new Set<unknown>();
  return {
    call: ({ body }): Changed => (stuck.has(body?.["user"]) ? toRefusal(400, "the session is broken") : undefined),
    answer: (answer, { body }) => {
      if (answer.status >= 500 && body?.["user"] !== undefined) stuck.add(body["user"]);
      return answer;
    },
  };
}
