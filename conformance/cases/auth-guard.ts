import { defineCases } from "../case.ts";
import { expectEqual, expectThat } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { editError, isChat, parse, refuse } from "../self-test/edits/requests.ts";
import { ask, expectRefusal, unknownPath } from "./routes-answers.ts";
import { waitForHead } from "./routes-raw.ts";

/** Shorter ones turn up in an answer by chance. */
const secretCharsMin = 12;
const announcedBytes = 50 * 1024 * 1024;

export const authGuardCases = defineCases([
  {
    id: "AUTH-08",
    level: "SHOULD",
    requirement: "A key, right or wrong, is never repeated in an answer: not in its headers, its body or its stream.",
    source: "CWE-209, CWE-532: answers are logged, cached and pasted into bug reports.",
    needs: ["auth"],
    faults: [
      {
        id: "auth-key-repeated",
        what: "The refusal repeats the key: `Incorrect API key provided: …`.",
        answer: editError((error, { status }, { headers }) =>
          status === 401 ? { ...error, message: `Incorrect API key provided: ${headers.authorization}` } : error,
        ),
      },
      {
        id: "auth-key-in-header",
        what: "A debugging header shows the right key.",
        answer: (answer, { headers }) => ({
          ...answer,
          headers: { ...answer.headers, "x-debug-auth": String(headers.authorization) },
        }),
      },
    ],
    async run(context) {
      const canary = `sk-CANARY-${Math.floor(context.random() * 1e12)}-end`;
      const headers = { authorization: `Bearer ${canary}` };
      const { apiKey } = context.subject;
      expectUnheard(canary, [
        await context.chat(ask(context), { headers }),
        await context.chat(ask(context, { stream: true }), { headers }),
        await context.send({ path: "/models", headers }),
        await context.send({ path: unknownPath, headers }),
      ]);
      if (apiKey.length < secretCharsMin) return context.note("the right key is too short to be looked for");
      expectUnheard(apiKey, [
        await context.plain(),
        (await context.plainStream()).answer,
        await context.chat({ messages: "none" }),
        await context.send({ path: "/chat/completions", body: '{"model":' }),
        await context.send({ path: unknownPath }),
      ]);
    },
  },
  {
    id: "AUTH-10",
    level: "SHOULD",
    requirement: "The key is looked at before the body: without one, a broken or a huge body is 401 at once.",
    source: "GHSA-rm59-992w-x2mv and others: strangers must not make a server read and parse what they send.",
    needs: ["auth"],
    finds: ["auth-optional", "auth-403", "auth-body-empty", "auth-body-flat"],
    faults: [
      {
        id: "auth-after-body",
        what: "The body is parsed before the key is looked at: strangers are told what is wrong with it.",
        call: (call) => (isChat(call) && parse(call.bytes.toString("utf8")) === undefined ? refuse(400) : undefined),
      },
    ],
    async run(context) {
      const headers = { authorization: undefined };
      const broken = await context.send({ path: "/chat/completions", body: '{"model":', headers });
      expectRefusal(broken, [401], "a body that is no JSON, without a key");
      const connection = await context.connect();
      try {
        const lines = ["Content-Type: application/json", `Content-Length: ${announcedBytes}`];
        connection.write(toHead({ ...context.subject, apiKey: "", headers: {} }, "POST", "/chat/completions", lines));
        connection.write('{"messages":[');
        const what = `the head of a request of ${announcedBytes} bytes without a key, before its body has come`;
        expectEqual((await waitForHead(connection, what)).status, 401, `the status of the answer to ${what}`);
      } finally {
        connection.close();
      }
    },
  },
]);

function expectUnheard(secret: string, answers: readonly WireAnswer[]): void {
  for (const { status, headers, text } of answers) {
    const heard = [text, ...Object.values(headers)].some((one) => one.includes(secret));
    expectThat(!heard, "no answer that repeats the key it was sent", `one with status ${status} that does`);
  }
}
