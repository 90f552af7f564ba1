import { hash } from "node:crypto";
import {
  ask,
  type CaseContext,
  defineCases,
  expectEqual,
  expectRefusal,
  expectStatus,
  expectThat,
  type OwnSubject,
  refusedBySdk,
  sendOwn,
  type WireAnswer,
} from "@clawgate/conformance";
import { toGateway, withGateway } from "./with-gateway.ts";

const page = "clawgate's documentation, Keys";

/** What a gateway with named keys does for them, and what it does not. */
export const keyCases = defineCases([
  {
    id: "KEY-01",
    level: "EXT",
    requirement:
      "A key is good for the operations of its scopes; any other is 403 `insufficient_scope` with the scope in `www-authenticate`.",
    source: `${page}: What a key may do. RFC 6750, section 3.1.`,
    needs: ["own"],
    async run(context) {
      await withKey(context, { scopes: ["metrics"] }, async ({ own, key, send }) => {
        const { origin } = new URL(own.baseUrl);
        expectStatus(await send({ method: "GET", path: `${origin}/metrics` }), [200], "the metrics for their key");
        const refused = await send({ body: ask(context) });
        expectEqual(expectRefusal(refused, [403], "a chat with that key")["code"], "insufficient_scope", "its code");
        const challenge = refused.headers["www-authenticate"] ?? "none";
        expectThat(
          /^Bearer\b.*\berror="insufficient_scope".*\bscope="chat"/.test(challenge),
          'a challenge with error="insufficient_scope" and scope="chat"',
          challenge,
        );
        const client = context.sdk.create({ baseURL: own.baseUrl, apiKey: key });
        const call = client.chat.completions.create(ask(context), { signal: context.signal });
        await refusedBySdk(context, call, "PermissionDeniedError", "a chat with that key");
      });
    },
  },
  {
    id: "KEY-02",
    level: "EXT",
    requirement: "A key with limits is told in `x-ratelimit-*` what is left; beyond them is 429 with `retry-after`.",
    source: `${page}: Limits. OpenAI's documentation, Rate limits in headers.`,
    needs: ["own"],
    async run(context) {
      await withKey(context, { requestsPerMinute: 2, tokensPerDay: 100_000 }, async ({ send }) => {
        for (const left of ["1", "0"]) {
          const answer = await send({ body: ask(context, { stream: left === "0" }) });
          expectStatus(answer, [200], "a chat within the limits");
          expectLeft(answer, left);
        }
        const refused = await send({ body: ask(context) });
        expectEqual(expectRefusal(refused, [429], "one too many")["code"], "rate_limit_exceeded", "its code");
        expectLeft(refused, "0");
        const retryAfter = refused.headers["retry-after"] ?? "none";
        const fits = /^\d+$/.test(retryAfter) && Number(retryAfter) >= 1 && Number(retryAfter) <= 60;
        expectThat(fits, "`retry-after` from 1 to 60", retryAfter);
      });
    },
  },
  {
    id: "KEY-03",
    level: "EXT",
    requirement: "A key lists and runs the agents that it may use; another is 403 `agent_not_allowed`.",
    source: `${page}: What a key may do.`,
    needs: ["own"],
    async run(context) {
      await withKey(context, { agents: ["beta"] }, async ({ send }) => {
        const models = await send({ method: "GET", path: "/models" });
        expectStatus(models, [200], "the list of models");
        expectThat(!models.text.includes("openclaw/main"), "a list without the other agent", models.text.slice(0, 200));
        const own = await send({ body: ask(context) });
        expectEqual(own.headers["x-openclaw-agent-id"], "beta", "the agent of a call that names none");
        const other = await send({ body: ask(context, { model: "openclaw/main" }) });
        expectEqual(expectRefusal(other, [403], "the other agent")["code"], "agent_not_allowed", "its code");
      });
    },
  },
]);

interface Keyed {
  readonly own: OwnSubject;
  readonly key: string;
  /** With the key instead of the operator's token. */
  readonly send: (request: Parameters<typeof sendOwn>[2]) => Promise<WireAnswer>;
}

/** A gateway whose only key has these fields. */
function withKey(context: CaseContext, fields: object, run: (keyed: Keyed) => Promise<void>): Promise<void> {
  const key = `cgk_conformance-${Math.floor(context.random() * 1e12)}-0123456789abcdef`;
  const auth = { keys: { suite: { sha256: hash("sha256", key), ...fields } } };
  return withGateway(context, { gateway: toGateway({ auth }) }, (own) =>
    run({
      own,
      key,
      send: (request) =>
        sendOwn(context, own, { ...request, headers: { ...request.headers, authorization: `Bearer ${key}` } }),
    }),
  );
}

function expectLeft({ headers }: WireAnswer, requests: string): void {
  expectEqual(headers["x-ratelimit-limit-requests"], "2", "x-ratelimit-limit-requests");
  expectEqual(headers["x-ratelimit-remaining-requests"], requests, "x-ratelimit-remaining-requests");
  expectEqual(headers["x-ratelimit-limit-tokens"], "100000", "x-ratelimit-limit-tokens");
  for (const name of ["x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"]) {
    const reset = headers[name] ?? "none";
    expectThat(/^(?:(?:\d+h)?(?:\d+m)?\d+s|\d+ms)$/.test(reset), `${name} as \`12ms\` or \`6m0s\``, reset);
  }
}
