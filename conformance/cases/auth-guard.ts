import { Agent } from "node:http";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, Failure, Skip } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import type { WireAnswer } from "../lens/wire.ts";
import type { OwnSubject } from "../subject.ts";
import { sendOwn, toGateway, withOwn } from "./own-gateway.ts";
import { ask, expectRefusal, expectStatus, unknownPath } from "./routes-answers.ts";
import { waitForHead } from "./routes-raw.ts";

/** Shorter ones turn up in an answer by chance. */
const secretCharsMin = 12;
const announcedBytes = 50 * 1024 * 1024;
/** More wrong keys in a row than anybody types. */
const guessesMax = 30;

export const authGuardCases = defineCases([
  {
    id: "AUTH-08",
    level: "SHOULD",
    requirement: "A key, right or wrong, is never repeated in an answer: not in its headers, its body or its stream.",
    source: "CWE-209, CWE-532: answers are logged, cached and pasted into bug reports.",
    needs: ["auth"],
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
    async run(context) {
      const headers = { authorization: undefined };
      const broken = await context.send({ path: "/chat/completions", body: '{"model":', headers });
      expectRefusal(broken, [401], "a body that is no JSON, without a key");
      const connection = await context.connect();
      try {
        const lines = ["Content-Type: application/json", `Content-Length: ${announcedBytes}`];
        connection.write(toHead({ ...context.subject, apiKey: "" }, "POST", "/chat/completions", lines));
        connection.write('{"messages":[');
        const what = `the head of a request of ${announcedBytes} bytes without a key, before its body has come`;
        expectEqual((await waitForHead(connection, what)).status, 401, `the status of the answer to ${what}`);
      } finally {
        connection.close();
      }
    },
  },
  {
    id: "AUTH-12",
    level: "EXT",
    requirement: 'With `gateway.auth.mode: "password"` the password is the bearer key, and nothing else is.',
    source: "OpenClaw's documentation, OpenAI Chat Completions: Authentication.",
    needs: ["own"],
    async run(context) {
      const password = `conformance-password-${Math.floor(context.random() * 1e12)}`;
      const auth = { mode: "password", password };
      await withOwn(context, { gateway: toGateway({ auth }) }, async (own) => {
        const send = (key: string | undefined): Promise<WireAnswer> => {
          const authorization = key === undefined ? undefined : `Bearer ${key}`;
          return sendOwn(context, own, { body: ask(context), headers: { authorization } });
        };
        expectStatus(await send(password), [200], "a call with the configured password");
        expectRefusal(await send(context.subject.apiKey), [401], "a call with the token of another gateway");
        expectRefusal(await send(undefined), [401], "a call without the password");
      });
    },
  },
  {
    id: "AUTH-13",
    level: "EXT",
    requirement:
      "Wrong keys in a row from one address end in a 429 with `retry-after` of 1 to 60 s, and do not lock out others.",
    source: "OpenClaw's gateway: auth.rateLimit; RFC 6585, section 4. OpenAI SDK 6 sleeps whatever `retry-after` says.",
    needs: ["own"],
    async run(context) {
      await withOwn(context, { gateway: toGateway() }, async (own) => {
        const limited = await guess(context, own);
        expectRefusal(limited, [429], "too many wrong keys");
        const retryAfter = limited.headers["retry-after"] ?? "";
        const fits = /^\d+$/.test(retryAfter) && Number(retryAfter) >= 1 && Number(retryAfter) <= 60;
        expectThat(fits, "`retry-after` from 1 to 60", limited.headers["retry-after"] ?? "no such header");
        const other = await sendOwn(context, own, { body: ask(context) });
        expectStatus(other, [200], "the right key from another address meanwhile");
      });
    },
  },
]);

function expectUnheard(secret: string, answers: readonly WireAnswer[]): void {
  for (const { status, headers, text } of answers) {
    const heard = [text, ...Object.values(headers)].some((one) => one.includes(secret));
    expectThat(!heard, "no answer that repeats the key it was sent", `one with status ${status} that does`);
  }
}

/** Tries wrong keys from an address of its own until the server has had enough. */
async function guess(context: CaseContext, own: OwnSubject): Promise<WireAnswer> {
  const agent = new Agent({ keepAlive: true, localAddress: "127.0.0.5" });
  try {
    for (let count = 0; count < guessesMax; count++) {
      const headers = { authorization: `Bearer guess-${count}-0123456789` };
      const answer = await sendOwn(context, own, { body: {}, agent, headers }).catch(skipWithoutAddress);
      if (answer.status !== 401) return answer;
    }
  } finally {
    agent.destroy();
  }
  throw new Failure("a 429 after many wrong keys in a row", `401 to each of ${guessesMax}`);
}

function skipWithoutAddress(error: NodeJS.ErrnoException): never {
  if (error.code === "EADDRNOTAVAIL") throw new Skip("this machine has one loopback address only");
  throw error;
}
