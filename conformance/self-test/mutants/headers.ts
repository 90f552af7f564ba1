import { type Change, defineMutants, type ProxiedAnswer } from "../mutant.ts";
import { refuse } from "./request-edit.ts";

type Headers = Record<string, string>;

function drop(headers: Readonly<Headers>, ...names: readonly string[]): Headers {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

/** The answer with headers added or replaced. */
function add(answer: ProxiedAnswer, headers: Readonly<Headers>): ProxiedAnswer {
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

const processing = { "openai-processing-ms": "12.5ms", "openai-version": "v1" };

export const headerMutants = defineMutants([
  {
    id: "header-request-id-missing",
    what: "No answer has `x-request-id`.",
    killedBy: ["HDR-01", "HDR-02"],
    answer: (answer) => ({ ...answer, headers: drop(answer.headers, "x-request-id") }),
    streamHeaders: (headers) => drop(headers, "x-request-id"),
  },
  {
    id: "header-request-id-not-on-errors",
    what: "Refusals have no `x-request-id`, though they are what people ask about.",
    killedBy: ["HDR-01", "HDR-02"],
    answer: (answer) => (answer.status < 400 ? answer : { ...answer, headers: drop(answer.headers, "x-request-id") }),
  },
  {
    id: "header-request-id-not-on-streams",
    what: "Streams have no `x-request-id`.",
    killedBy: ["HDR-01", "HDR-02"],
    streamHeaders: (headers) => drop(headers, "x-request-id"),
  },
  {
    id: "header-request-id-same",
    what: "`x-request-id` names the process and not the request.",
    killedBy: ["HDR-02"],
    answer: (answer) => add(answer, { "x-request-id": "worker-1" }),
  },
  {
    id: "header-request-id-echoed",
    what: "A client's own `x-request-id` is sent back as it came.",
    killedBy: ["HDR-03"],
    answer: (answer, { headers }) => {
      const id = headers["x-request-id"];
      return typeof id === "string" ? add(answer, { "x-request-id": id }) : answer;
    },
  },
  {
    id: "header-count-max",
    what: "More than 30 header fields are 431, which the SDK's `x-stainless-*` soon reach.",
    killedBy: ["HDR-04"],
    call: ({ headers }) => (Object.keys(headers).length > 30 ? refuse(431) : undefined),
  },
  {
    id: "header-unknown-refused",
    what: "A firewall in front refuses `x-stainless-*` headers that it does not know.",
    killedBy: ["HDR-04"],
    call: ({ headers }) =>
      Object.keys(headers).some((name) => name.startsWith("x-stainless-conf")) ? refuse(403) : undefined,
  },
  {
    id: "header-rate-reset-number",
    what: "`x-ratelimit-reset-…` is a moment in seconds, where clients expect a duration such as `6m0s`.",
    killedBy: ["HDR-05"],
    answer: (answer) => add(answer, { "x-ratelimit-reset-requests": "1750000000" }),
  },
  {
    id: "header-powered-by",
    what: "Answers name their framework.",
    killedBy: ["HDR-06"],
    answer: (answer) => add(answer, { "x-powered-by": "Express" }),
  },
  {
    id: "header-server-version",
    what: "`Server` tells its version on error pages only.",
    killedBy: ["HDR-06"],
    answer: (answer) => (answer.status === 404 ? add(answer, { server: "nginx/1.18.0" }) : answer),
  },
  {
    id: "header-processing-form",
    what: "`openai-processing-ms` has a unit and a fraction.",
    killedBy: ["HDR-07"],
    answer: (answer) => add(answer, processing),
  },
  {
    id: "header-cache-public",
    what: "A CDN lets everybody keep the answers.",
    killedBy: ["HDR-08"],
    answer: (answer) => add(answer, { "cache-control": "public, max-age=60" }),
  },
  {
    id: "header-sniffing",
    what: "Answers lack `x-content-type-options: nosniff`.",
    killedBy: ["HDR-08"],
    answer: (answer) => ({ ...answer, headers: drop(answer.headers, "x-content-type-options") }),
  },
  {
    id: "header-rate-limit-words",
    what: "A rate limit is given in words.",
    killedBy: ["HDR-05"],
    answer: (answer) => add(answer, { "x-ratelimit-limit-requests": "unlimited" }),
  },
]);

const allowOrigin = "access-control-allow-origin";
const allowHeaders = "access-control-allow-headers";

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

export const corsMutants = defineMutants([
  {
    id: "cors-preflight-401",
    what: "The preflight needs a key, which no browser sends (dphnAI/sonar#434).",
    killedBy: ["CORS-01", "CORS-02"],
    call: ({ method, headers }) =>
      method === "OPTIONS" && headers.authorization === undefined ? refuse(401) : undefined,
  },
  {
    id: "cors-preflight-unrouted",
    what: "OPTIONS is a method that nobody has thought of: 500.",
    killedBy: ["CORS-01", "CORS-02", "CORS-05", "ROB-07"],
    call: ({ method }) => (method === "OPTIONS" ? refuse(500) : undefined),
  },
  {
    id: "cors-preflight-plain",
    what: "Answers have CORS headers but the preflight has none (openclaw/openclaw#68647).",
    killedBy: ["CORS-01", "CORS-02", "CORS-05"],
    answer: atPreflight(dropCors),
  },
  {
    id: "cors-get-only",
    what: "The preflight permits GET only.",
    killedBy: ["CORS-01"],
    answer: atPreflight((answer) => add(answer, { "access-control-allow-methods": "GET" })),
  },
  {
    id: "cors-stainless-forbidden",
    what: "The preflight permits the ordinary headers but not `x-stainless-*` (ollama/ollama#4388).",
    killedBy: ["CORS-02"],
    answer: atPreflight((answer) => add(answer, { [allowHeaders]: "authorization, content-type, x-stainless-os" })),
  },
  {
    id: "cors-headers-asterisk",
    what: "The preflight permits `*`, which does not cover `authorization`.",
    killedBy: ["CORS-02"],
    answer: atPreflight((answer) => add(answer, { [allowHeaders]: "*" })),
  },
  {
    id: "cors-nothing-exposed",
    what: "Pages cannot read `x-request-id` and `retry-after`.",
    killedBy: ["CORS-03"],
    answer: (answer) => ({ ...answer, headers: drop(answer.headers, "access-control-expose-headers") }),
  },
  {
    id: "cors-not-on-errors",
    what: "Refusals have no CORS headers: a page sees `Failed to fetch`.",
    killedBy: ["CORS-03", "CORS-04"],
    answer: (answer) => (answer.status >= 400 ? dropCors(answer) : answer),
  },
  {
    id: "cors-not-on-streams",
    what: "Streams have no CORS headers.",
    killedBy: ["CORS-04"],
    streamHeaders: (headers) => drop(headers, allowOrigin),
  },
  {
    id: "cors-origin-prefix",
    what: "An origin that begins as an allowed one is allowed (CWE-942).",
    killedBy: ["CORS-05"],
    answer: allowIf((origin) => origin.startsWith("https://app.example")),
  },
  {
    id: "cors-origin-suffix",
    what: "An origin that ends as an allowed one is allowed (CWE-942).",
    killedBy: ["CORS-05"],
    answer: allowIf((origin) => origin.endsWith("app.example")),
  },
  {
    id: "cors-origin-null",
    what: "The origin `null`, which every sandboxed page has, is allowed.",
    killedBy: ["CORS-05"],
    answer: allowIf((origin) => origin === "null"),
  },
  {
    id: "cors-credentials-to-all",
    what: "Every origin is repeated, with credentials (CWE-942).",
    killedBy: ["CORS-06"],
    answer: (answer, { headers: { origin } }) =>
      origin === undefined
        ? answer
        : add(answer, { [allowOrigin]: origin, "access-control-allow-credentials": "true" }),
  },
  {
    id: "cors-vary-missing",
    what: "Caches are not told that the answer depends on the origin.",
    killedBy: ["CORS-08"],
    answer: (answer) => ({ ...answer, headers: drop(answer.headers, "vary") }),
  },
]);
