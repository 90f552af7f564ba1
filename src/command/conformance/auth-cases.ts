import { Agent } from "node:http";
import {
  ask,
  type CaseContext,
  defineCases,
  expectRefusal,
  expectStatus,
  expectThat,
  Failure,
  type OwnSubject,
  sendOwn,
  Skip,
  type WireAnswer,
} from "@clawgate/conformance";
import { toGateway, withGateway } from "./with-gateway.ts";

/** More wrong keys in a row than anybody types. */
const guessesMax = 30;

export const authCases = defineCases([
  {
    id: "AUTH-12",
    level: "EXT",
    requirement: 'With `gateway.auth.mode: "password"` the password is the bearer key, and nothing else is.',
    source: "OpenClaw's documentation, OpenAI Chat Completions: Authentication.",
    needs: ["own"],
    async run(context) {
      const password = `conformance-password-${Math.floor(context.random() * 1e12)}`;
      const auth = { mode: "password", password };
      await withGateway(context, { gateway: toGateway({ auth }) }, async (own) => {
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
      await withGateway(context, { gateway: toGateway() }, async (own) => {
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
