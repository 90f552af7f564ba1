import { defineCases } from "../case.ts";
import { type CaseContext, needOrdinary } from "../context.ts";
import { expectEqual, expectOneOf, expectText, expectThat } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { add, drop } from "../self-test/edits/headers.ts";
import { refuse } from "../self-test/edits/requests.ts";
import { ask, brief, unknownPath } from "./routes-answers.ts";
import { fromSdk, refusedBySdk } from "./routes-sdk.ts";

const processing = { "openai-processing-ms": "12.5ms", "openai-version": "v1" };

const idCharsMax = 128;
const printable = /^[\x21-\x7e]+$/;
const rateLimitSource = "OpenAI's rate limit guide: x-ratelimit-limit-…, -remaining-… and -reset-….";

export const headerCases = defineCases([
  {
    id: "HDR-01",
    level: "SHOULD",
    requirement: "Every answer carries `x-request-id`: completions, streams, errors and `/models`.",
    source: "OpenAI SDK, majors 4 to 7: `_request_id` of results and the request id of errors are read from it.",
    eachSdk: true,
    faults: [
      {
        id: "header-request-id-missing",
        what: "No answer has `x-request-id`.",
        answer: (answer) => ({ ...answer, headers: drop(answer.headers, "x-request-id") }),
        streamHeaders: (headers) => drop(headers, "x-request-id"),
      },
      {
        id: "header-request-id-not-on-errors",
        what: "Refusals have no `x-request-id`, though they are what people ask about.",
        answer: (answer) =>
          answer.status < 400 ? answer : { ...answer, headers: drop(answer.headers, "x-request-id") },
      },
      {
        id: "header-request-id-not-on-streams",
        what: "Streams have no `x-request-id`.",
        streamHeaders: (headers) => drop(headers, "x-request-id"),
      },
    ],
    async run(context) {
      for (const [what, answer] of await collectAnswers(context))
        expectText(answer.headers["x-request-id"], `\`x-request-id\` of ${what}`);
      const { client } = context.sdk;
      const call = client.chat.completions.create(ask(context), { signal: context.signal }).withResponse();
      const { data, request_id: id } = await fromSdk(context, call, "an ordinary call");
      expectText(id, "request_id as the SDK shows it");
      // The SDK adds it to the result without saying so in its types.
      expectEqual((data as unknown as Record<string, unknown>)["_request_id"], id, "_request_id of the result");
      const refused = client.get(unknownPath, { signal: context.signal });
      const error = await refusedBySdk(context, refused, "NotFoundError", "an unknown path");
      // Version 4 has it under another name.
      expectText(error["requestID"] ?? error["request_id"], "the request id of the SDK's error");
    },
  },
  {
    id: "HDR-02",
    level: "SHOULD",
    requirement: "`x-request-id` is another one for each request: visible ASCII, at most 128 characters.",
    source: "OpenAI's API reference, debugging requests: it names one request to whoever reads the logs.",
    finds: ["header-request-id-missing", "header-request-id-not-on-errors", "header-request-id-not-on-streams"],
    faults: [
      {
        id: "header-request-id-same",
        what: "`x-request-id` names the process and not the request.",
        answer: (answer) => add(answer, { "x-request-id": "worker-1" }),
      },
    ],
    async run(context) {
      const answers = [await context.plain(), (await context.plainStream()).answer];
      for (let count = 0; count < 8; count++) answers.push(await context.chat({ messages: [] }));
      const ids = answers.map(({ headers }) => headers["x-request-id"] ?? "");
      for (const id of ids)
        expectThat(printable.test(id) && id.length <= idCharsMax, "up to 128 visible ASCII characters", id);
      expectEqual(new Set(ids).size, ids.length, `the number of different ids in ${ids.length} answers`);
    },
  },
  {
    id: "HDR-03",
    level: "SHOULD",
    requirement:
      "A client's own `x-request-id` and `x-client-request-id` are dropped or checked before they are sent back.",
    source: "CWE-113, CWE-117: a request header in an answer or a log is input.",
    faults: [
      {
        id: "header-request-id-echoed",
        what: "A client's own `x-request-id` is sent back as it came.",
        answer: (answer, { headers }) => {
          const id = headers["x-request-id"];
          return typeof id === "string" ? add(answer, { "x-request-id": id }) : answer;
        },
      },
    ],
    async run(context) {
      const values = [`long-${"x".repeat(4000)}`, "split%0d%0aX-Injected:%20yes", "latin-\u00e9\u00ff", "tab\tbed"];
      for (const value of values) {
        const headers = { "x-request-id": value, "x-client-request-id": value };
        const answer = await context.send({ path: unknownPath, headers });
        const what = `a request with the id ${JSON.stringify(value.slice(0, 30))}`;
        expectThat(answer.status < 500, `no server error for ${what}`, brief(answer));
        expectThat(answer.headers["x-injected"] === undefined, `no header made from ${what}`, answer.headers);
        for (const name of ["x-request-id", "x-client-request-id"]) {
          const id = answer.headers[name] ?? "none";
          const isClean = printable.test(id) && id.length <= idCharsMax;
          expectThat(isClean, `up to 128 visible ASCII characters in \`${name}\` of the answer to ${what}`, id);
        }
      }
    },
  },
  {
    id: "HDR-04",
    level: "MUST",
    requirement: "`x-stainless-*` request headers, known or not, do no harm in any number.",
    source: "OpenAI SDK, majors 4 to 7: eight to ten of them go with every request, and new majors add more.",
    faults: [
      {
        id: "header-count-max",
        what: "More than 30 header fields are 431, which the SDK's `x-stainless-*` soon reach.",
        call: ({ headers }) => (Object.keys(headers).length > 30 ? refuse(431) : undefined),
      },
      {
        id: "header-unknown-refused",
        what: "A firewall in front refuses `x-stainless-*` headers that it does not know.",
        call: ({ headers }) =>
          Object.keys(headers).some((name) => name.startsWith("x-stainless-conf")) ? refuse(403) : undefined,
      },
    ],
    async run(context) {
      const defaultHeaders = Object.fromEntries(
        Array.from({ length: 32 }, (_, index) => [`x-stainless-conformance-${index}`, `value ${index}`]),
      );
      needOrdinary(await context.plain());
      const client = context.sdk.create({ defaultHeaders });
      const call = client.chat.completions.create(ask(context), { signal: context.signal });
      await fromSdk(context, call, "a call with 32 more x-stainless headers");
    },
  },
  {
    id: "HDR-05",
    level: "SHOULD",
    requirement:
      "Rate limit headers, if there are any, have OpenAI's form: whole numbers, and durations such as `6m0s`.",
    source: rateLimitSource,
    faults: [
      {
        id: "header-rate-reset-number",
        what: "`x-ratelimit-reset-…` is a moment in seconds, where clients expect a duration such as `6m0s`.",
        answer: (answer) => add(answer, { "x-ratelimit-reset-requests": "1750000000" }),
      },
      {
        id: "header-rate-limit-words",
        what: "A rate limit is given in words.",
        answer: (answer) => add(answer, { "x-ratelimit-limit-requests": "unlimited" }),
      },
    ],
    async run(context) {
      const { headers } = await context.plain();
      const names = Object.keys(headers).filter((name) => /^x-ratelimit-.*(requests|tokens)$/.test(name));
      if (names.length === 0) context.note("no x-ratelimit headers are sent");
      for (const name of names) {
        const isReset = name.startsWith("x-ratelimit-reset-");
        const form = isReset ? /^(\d+(\.\d+)?(h|ms|m|s|us|\u00b5s|ns))+$/ : /^\d+$/;
        const expected = `\`${name}\` to be ${isReset ? "a duration with units" : "a whole number"}`;
        expectThat(form.test(headers[name] ?? ""), expected, headers[name]);
      }
    },
  },
  {
    id: "HDR-06",
    level: "SHOULD",
    requirement: "Answers have a `Date`, and name neither a framework (`x-powered-by`) nor a version (`server`).",
    source: "RFC 9110, sections 6.6.1 and 10.2.4.",
    faults: [
      {
        id: "header-powered-by",
        what: "Answers name their framework.",
        answer: (answer) => add(answer, { "x-powered-by": "Express" }),
      },
      {
        id: "header-server-version",
        what: "`Server` tells its version on error pages only.",
        answer: (answer) => (answer.status === 404 ? add(answer, { server: "nginx/1.18.0" }) : answer),
      },
    ],
    async run(context) {
      for (const [what, { headers }] of [
        ["a completion", await context.plain()],
        ["a 404", await context.send({ path: unknownPath })],
      ] as const) {
        expectThat(
          !Number.isNaN(Date.parse(headers["date"] ?? "")),
          `a \`Date\` in ${what}`,
          headers["date"] ?? "none",
        );
        expectThat(headers["x-powered-by"] === undefined, `no \`x-powered-by\` in ${what}`, headers["x-powered-by"]);
        expectThat(
          !/\/v?\d|\d\.\d/.test(headers["server"] ?? ""),
          `no version in \`server\` of ${what}`,
          headers["server"],
        );
      }
    },
  },
  {
    id: "HDR-07",
    level: "SHOULD",
    requirement: "`openai-processing-ms` and `openai-version`, if sent, are a whole number and a date.",
    source: "OpenAI's API reference, debugging requests.",
    faults: [
      {
        id: "header-processing-form",
        what: "`openai-processing-ms` has a unit and a fraction.",
        answer: (answer) => add(answer, processing),
      },
    ],
    async run(context) {
      const { headers } = await context.plain();
      const forms = { "openai-processing-ms": /^\d+$/, "openai-version": /^\d{4}-\d{2}-\d{2}$/ };
      for (const [name, form] of Object.entries(forms)) {
        const value = headers[name];
        if (value === undefined) context.note(`${name} is not sent`);
        else expectThat(form.test(value), `\`${name}\` to match ${String(form)}`, value);
      }
    },
  },
  {
    id: "HDR-08",
    level: "SHOULD",
    requirement:
      "JSON answers may not be stored by caches (`no-store`, or no `cache-control`) nor sniffed (`nosniff`).",
    source: "RFC 9111, section 5.2.2.5; Fetch standard, `X-Content-Type-Options`.",
    faults: [
      {
        id: "header-cache-public",
        what: "A CDN lets everybody keep the answers.",
        answer: (answer) => add(answer, { "cache-control": "public, max-age=60" }),
      },
      {
        id: "header-sniffing",
        what: "Answers lack `x-content-type-options: nosniff`.",
        answer: (answer) => ({ ...answer, headers: drop(answer.headers, "x-content-type-options") }),
      },
    ],
    async run(context) {
      for (const [what, { headers }] of [
        ["a completion", await context.plain()],
        ["a refusal", await context.chat({ messages: [] })],
      ] as const) {
        const caching = headers["cache-control"];
        const isSafe = caching === undefined || /\b(no-store|no-cache|private)\b/.test(caching);
        expectThat(isSafe, `\`cache-control\` of ${what} to have no-store`, caching);
        expectOneOf(headers["x-content-type-options"]?.toLowerCase(), ["nosniff"], `x-content-type-options of ${what}`);
      }
    },
  },
]);

/** One answer of each kind, all but two of which cost nothing. */
async function collectAnswers(context: CaseContext): Promise<[string, WireAnswer][]> {
  const answers: [string, WireAnswer][] = [
    ["a completion", await context.plain()],
    ["a stream", (await context.plainStream()).answer],
    ["a refused body", await context.chat({ messages: [] })],
    ["an unknown path", await context.send({ path: unknownPath })],
  ];
  if (context.has("models")) answers.push(["the model list", await context.send({ path: "/models" })]);
  const headers = { authorization: undefined };
  if (context.has("auth")) answers.push(["a 401", await context.chat({ messages: [] }, { headers })]);
  return answers;
}
