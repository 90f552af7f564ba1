import { defineCases } from "../case.ts";
import { expectEqual, expectThat, Skip } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { add, drop } from "../self-test/edits/headers.ts";
import { refuse } from "../self-test/edits/requests.ts";
import type { Change, ProxiedAnswer } from "../self-test/mutant.ts";
import {
  askFirst,
  callRefused,
  isAllowed,
  pageOrigin,
  type PageTarget,
  strangerOrigin,
  toCorsHeaders,
  toNames,
  toOwnTarget,
  toTarget,
  withCors,
} from "./cors-ask.ts";
import { withOwn } from "./own-server.ts";
import { ask } from "./routes-answers.ts";

const allowHeaders = "access-control-allow-headers";

const allowOrigin = "access-control-allow-origin";

/** What the SDK's majors send beyond what browsers allow by themselves. */
const sdkHeaders = [
  "authorization",
  "content-type",
  "openai-organization",
  "openai-project",
  "x-stainless-arch",
  "x-stainless-helper-method",
  "x-stainless-lang",
  "x-stainless-os",
  "x-stainless-package-version",
  "x-stainless-retry-count",
  "x-stainless-runtime",
  "x-stainless-runtime-version",
  "x-stainless-timeout",
];
/** Origins that careless comparisons take for the allowed one. */
const lookalikes = [`${pageOrigin}.stranger.invalid`, "https://notapp.example", "http://app.example", "null"];
/** Answers to OPTIONS that promise nothing. */
const plainRefusals = [400, 401, 403, 404, 405, 501];

export const corsCases = defineCases([
  {
    id: "CORS-01",
    level: "SHOULD",
    requirement: "Where pages may call, the preflight is answered 2xx without a key, and permits POST.",
    source: "Fetch standard, CORS-preflight fetch: no credentials; dphnAI/sonar#434, IBM/mcp-context-forge#1493.",
    faults: [
      {
        id: "cors-preflight-401",
        what: "The preflight needs a key, which no browser sends (dphnAI/sonar#434).",
        call: ({ method, headers }) =>
          method === "OPTIONS" && headers.authorization === undefined ? refuse(401) : undefined,
      },
      {
        id: "cors-preflight-unrouted",
        what: "OPTIONS is a method that nobody has thought of: 500.",
        call: ({ method }) => (method === "OPTIONS" ? refuse(500) : undefined),
      },
      {
        id: "cors-preflight-plain",
        what: "Answers have CORS headers but the preflight has none (openclaw/openclaw#68647).",
        answer: atPreflight(dropCors),
      },
      {
        id: "cors-get-only",
        what: "The preflight permits GET only.",
        answer: atPreflight((answer) => add(answer, { "access-control-allow-methods": "GET" })),
      },
    ],
    async run(context) {
      if (context.has("cors") || context.has("own")) return withCors(context, expectPermitted);
      if (!(await isMeant(toTarget(context)))) throw new Skip(`no answer has CORS headers for ${pageOrigin}`);
      return expectPermitted(toTarget(context));
    },
  },
  {
    id: "CORS-02",
    level: "SHOULD",
    requirement: "The preflight permits every header that the SDK sends; `*` does not cover `authorization`.",
    source: "Fetch standard, CORS-preflight fetch; ollama/ollama#4388, pollinations/pollinations#10165.",
    finds: ["cors-preflight-401", "cors-preflight-unrouted", "cors-preflight-plain"],
    faults: [
      {
        id: "cors-stainless-forbidden",
        what: "The preflight permits the ordinary headers but not `x-stainless-*` (ollama/ollama#4388).",
        answer: atPreflight((answer) => add(answer, { [allowHeaders]: "authorization, content-type, x-stainless-os" })),
      },
      {
        id: "cors-headers-asterisk",
        what: "The preflight permits `*`, which does not cover `authorization`.",
        answer: atPreflight((answer) => add(answer, { [allowHeaders]: "*" })),
      },
    ],
    run: (context) =>
      withCors(context, async (target) => {
        const asked = { "access-control-request-headers": sdkHeaders.join(",") };
        const answer = await askFirst(target, pageOrigin, asked);
        expectThat(isOk(answer), "2xx for a preflight with the SDK's headers", toCorsHeaders(answer));
        const permitted = toNames(answer.headers["access-control-allow-headers"]);
        const isWild = isAsterisk(permitted, answer.headers);
        const missing = sdkHeaders.filter((name) => !permitted.includes(name) && (name === "authorization" || !isWild));
        expectEqual(missing, [], "the SDK's headers that are not permitted");
      }),
  },
  {
    id: "CORS-03",
    level: "SHOULD",
    requirement: "`access-control-expose-headers` lets pages read `x-request-id` and `retry-after`.",
    source: "Fetch standard, CORS-exposed header-name list. OpenAI SDK: reads both, in browsers too.",
    faults: [
      {
        id: "cors-nothing-exposed",
        what: "Pages cannot read `x-request-id` and `retry-after`.",
        answer: (answer) => ({ ...answer, headers: drop(answer.headers, "access-control-expose-headers") }),
      },
      {
        id: "cors-not-on-errors",
        what: "Refusals have no CORS headers: a page sees `Failed to fetch`.",
        answer: (answer) => (answer.status >= 400 ? dropCors(answer) : answer),
      },
    ],
    run: (context) =>
      withCors(context, async (target) => {
        const { headers } = await callRefused(target, pageOrigin);
        const exposed = toNames(headers["access-control-expose-headers"]);
        const isWild = isAsterisk(exposed, headers);
        const missing = ["x-request-id", "retry-after"].filter((name) => !isWild && !exposed.includes(name));
        expectEqual(missing, [], "the headers that pages cannot read");
      }),
  },
  {
    id: "CORS-04",
    level: "SHOULD",
    requirement: "Errors and streams carry the CORS headers as completions do.",
    source: "Fetch standard, CORS check: without them a page is told `Failed to fetch` and nothing else.",
    finds: ["cors-not-on-errors"],
    faults: [
      {
        id: "cors-not-on-streams",
        what: "Streams have no CORS headers.",
        streamHeaders: (headers) => drop(headers, allowOrigin),
      },
    ],
    run: (context) =>
      withCors(context, async (target) => {
        const headers = { origin: pageOrigin };
        const call = (fields: object): Promise<WireAnswer> =>
          target.send({ path: "/chat/completions", body: ask(context, fields), headers });
        const answers = [
          ["a completion", await call({})],
          ["a stream", await call({ stream: true })],
          ["a refused body", await callRefused(target, pageOrigin)],
          ["a call without a key", await callRefused(target, pageOrigin, { authorization: undefined })],
        ] as const;
        for (const [what, answer] of answers)
          expectThat(isAllowed(answer, pageOrigin), `access-control-allow-origin on ${what}`, toCorsHeaders(answer));
      }),
  },
  {
    id: "CORS-05",
    level: "SHOULD",
    requirement: "Where only some origins are allowed, those that merely resemble one (and `null`) are not.",
    source: "CWE-942: comparing with a prefix, a suffix or without the scheme.",
    finds: ["cors-preflight-unrouted", "cors-preflight-plain"],
    faults: [
      {
        id: "cors-origin-prefix",
        what: "An origin that begins as an allowed one is allowed (CWE-942).",
        answer: allowIf((origin) => origin.startsWith("https://app.example")),
      },
      {
        id: "cors-origin-suffix",
        what: "An origin that ends as an allowed one is allowed (CWE-942).",
        answer: allowIf((origin) => origin.endsWith("app.example")),
      },
      {
        id: "cors-origin-null",
        what: "The origin `null`, which every sandboxed page has, is allowed.",
        answer: allowIf((origin) => origin === "null"),
      },
    ],
    run: (context) =>
      withCors(context, async (target) => {
        const allowed = await askFirst(target, pageOrigin);
        expectThat(isAllowed(allowed, pageOrigin), `${pageOrigin} to be allowed`, toCorsHeaders(allowed));
        if (isAllowed(await askFirst(target, strangerOrigin), strangerOrigin))
          throw new Skip("every origin is allowed here");
        for (const origin of [strangerOrigin, ...lookalikes]) {
          for (const answer of [await askFirst(target, origin), await callRefused(target, origin)])
            expectThat(!isAllowed(answer, origin), `the origin ${origin} not to be allowed`, toCorsHeaders(answer));
        }
      }),
  },
  {
    id: "CORS-06",
    level: "SHOULD",
    requirement: "Credentials are not allowed to every origin, neither with `*` nor by repeating the origin.",
    source: "CWE-942; Fetch standard, CORS protocol and credentials.",
    faults: [
      {
        id: "cors-credentials-to-all",
        what: "Every origin is repeated, with credentials (CWE-942).",
        answer: (answer, { headers: { origin } }) =>
          origin === undefined
            ? answer
            : add(answer, { [allowOrigin]: origin, "access-control-allow-credentials": "true" }),
      },
    ],
    async run(context) {
      for (const origin of [strangerOrigin, "null"]) {
        const target = toTarget(context);
        for (const answer of [await askFirst(target, origin), await callRefused(target, origin)]) {
          const both = isAllowed(answer, origin) && answer.headers["access-control-allow-credentials"] === "true";
          expectThat(!both, `no credentials for the origin ${origin}`, toCorsHeaders(answer));
        }
      }
    },
  },
  {
    id: "CORS-07",
    level: "SHOULD",
    requirement:
      "With CORS off no answer has CORS headers, and OPTIONS is refused plainly or lists the methods in `Allow`.",
    source:
      "RFC 9110, section 9.3.7; openclaw/openclaw#68647: half a CORS setup fails in the browser without a reason.",
    async run(context) {
      if (!context.has("cors") || !context.has("own")) return expectOff(toTarget(context));
      await withOwn(context, { allowedOrigins: [] }, (own) => expectOff(toOwnTarget(context, own)));
    },
  },
  {
    id: "CORS-08",
    level: "SHOULD",
    requirement: "An answer whose `access-control-allow-origin` depends on the origin says `Vary: Origin`.",
    source: "Fetch standard, CORS protocol and HTTP caches.",
    faults: [
      {
        id: "cors-vary-missing",
        what: "Caches are not told that the answer depends on the origin.",
        answer: (answer) => ({ ...answer, headers: drop(answer.headers, "vary") }),
      },
    ],
    run: (context) =>
      withCors(context, async (target) => {
        const call = (origin: string): Promise<WireAnswer> =>
          target.send({ path: "/chat/completions", body: ask(context), headers: { origin } });
        const answer = await call(pageOrigin);
        const one = answer.headers["access-control-allow-origin"];
        expectThat(one !== undefined, `access-control-allow-origin for ${pageOrigin}`, toCorsHeaders(answer));
        if (one === (await call(strangerOrigin)).headers["access-control-allow-origin"]) return;
        const vary = toNames(answer.headers["vary"]);
        const says = vary.includes("origin") || vary.includes("*");
        expectThat(says, "`Vary: Origin`", answer.headers["vary"] ?? "no such header");
      }),
  },
]);

async function expectPermitted(target: PageTarget): Promise<void> {
  const answer = await askFirst(target, pageOrigin);
  const isAnswered = isOk(answer) && isAllowed(answer, pageOrigin);
  const expected = "2xx with `access-control-allow-origin` for a preflight without a key";
  expectThat(isAnswered, expected, toCorsHeaders(answer));
  const methods = toNames(answer.headers["access-control-allow-methods"]);
  const isPermitted = methods.length === 0 || methods.includes("post") || methods.includes("*");
  expectThat(isPermitted, "`access-control-allow-methods`, if there is one, to have POST", methods);
}

async function expectOff(target: PageTarget): Promise<void> {
  const preflight = await askFirst(target, pageOrigin);
  if (hasCors(preflight)) throw new Skip("CORS is on");
  const withKey = { authorization: `Bearer ${target.apiKey}`, origin: undefined };
  for (const options of [preflight, await askFirst(target, pageOrigin, withKey)]) {
    const isPlain = plainRefusals.includes(options.status) || (isOk(options) && Boolean(options.headers["allow"]));
    expectThat(isPlain, `OPTIONS to be answered 2xx with \`Allow\`, or ${plainRefusals.join(", ")}`, options.status);
  }
  const answer = await callRefused(target, pageOrigin);
  expectThat(!hasCors(answer), "an answer without CORS headers", toCorsHeaders(answer));
}

/** A list of `*` names everything, but with credentials the asterisk is an ordinary name. */
function isAsterisk(names: readonly string[], headers: Readonly<Record<string, string>>): boolean {
  return names.includes("*") && headers["access-control-allow-credentials"] !== "true";
}

function hasCors({ headers }: WireAnswer): boolean {
  return Object.keys(headers).some((name) => name.startsWith("access-control-"));
}

function isOk({ status }: { readonly status: number }): boolean {
  return status >= 200 && status < 300;
}

/** Whether anything at all shows that pages are meant to call. */
async function isMeant(target: PageTarget): Promise<boolean> {
  const withKey = await askFirst(target, pageOrigin, { authorization: `Bearer ${target.apiKey}` });
  if (isOk(withKey) && isAllowed(withKey, pageOrigin)) return true;
  return isAllowed(await callRefused(target, pageOrigin), pageOrigin);
}

function dropCors(answer: ProxiedAnswer): ProxiedAnswer {
  const names = Object.keys(answer.headers).filter((name) => name.startsWith("access-control-"));
  return { ...answer, headers: drop(answer.headers, ...names) };
}

/** Changes the answers to OPTIONS. */
function atPreflight(edit: (answer: ProxiedAnswer) => ProxiedAnswer): NonNullable<Change["answer"]> {
  return (answer, { method }) => (method === "OPTIONS" ? edit(answer) : answer);
}

/** Allows the origins that a careless comparison takes for one on the list. */
function allowIf(isTaken: (origin: string) => boolean): NonNullable<Change["answer"]> {
  return (answer, { headers: { origin } }) =>
    origin !== undefined && isTaken(origin) ? add(answer, { [allowOrigin]: origin }) : answer;
}
