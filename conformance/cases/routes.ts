import { defineCases } from "../case.ts";
import { expectEqual, expectOneOf, expectThat } from "../expect.ts";
import { editBody, isChat, refuse } from "../self-test/edits/requests.ts";
import type { ProxiedAnswer } from "../self-test/mutant.ts";
import { expectRefusedInWords } from "./error-words.ts";
import {
  ask,
  brief,
  expectAnswer,
  expectEnvelope,
  expectRefusal,
  expectStatus,
  unknownPath,
} from "./routes-answers.ts";
import { fromSdk, refusedBySdk } from "./routes-sdk.ts";

const page = { status: 404, headers: { "content-type": "text/html" }, body: "<h1>404 Not Found</h1>" };

const endpoint = "/v1/chat/completions";

/** `fetch` turns a POST into a GET on these; on 307 and 308 it does not. */
const turning = [301, 302, 303];

export const routeCases = defineCases([
  {
    id: "ROUTE-01",
    level: "MUST",
    requirement: "`POST {base}/chat/completions` answers, whether or not the client's base URL ends in a slash.",
    source: "OpenAI's document: paths./chat/completions. OpenAI SDK, all majors: one slash is kept between the two.",
    faults: [
      {
        id: "route-elsewhere",
        what: "The endpoint is mounted one folder deeper than the base URL says.",
        call: (call) => ({ path: call.path.replace("/v1/", "/v1/api/") }),
      },
      {
        id: "route-https-redirect",
        what: "A proxy in front sends every POST elsewhere with 301, as if it were a page.",
        call: ({ method, path }) => (method === "POST" ? redirect(`https://api.example${path}`) : undefined),
      },
    ],
    async run(context) {
      const { sdk, subject, signal } = context;
      expectAnswer(await context.plain(), `POST ${subject.baseUrl}/chat/completions`);
      const client = sdk.create({ baseURL: `${subject.baseUrl}/` });
      const call = client.chat.completions.create(ask(context), { signal });
      const completion = await fromSdk(context, call, `a call with the base URL ${subject.baseUrl}/`);
      expectThat(Array.isArray(completion?.choices), "a completion with choices", completion);
    },
  },
  {
    id: "ROUTE-02",
    level: "SHOULD",
    requirement: "A doubled slash before `chat/completions` is served, or is a 404 with an error body; no redirect.",
    source: "open-webui/open-webui#12117: base URLs are joined by hand.",
    finds: [
      "route-https-redirect",
      "route-404-empty",
      "route-404-page",
      "route-404-message-empty",
      "route-unknown-200",
    ],
    faults: [
      {
        id: "route-double-slash-redirect",
        what: "`v1//chat/completions` is redirected with 301 (open-webui/open-webui#12117).",
        call: ({ path }) => (path.includes("//") ? redirect(path.replace("//", "/")) : undefined),
      },
    ],
    async run(context) {
      const answer = await context.send({ path: "//chat/completions", body: ask(context) });
      if (answer.status === 200) expectAnswer(answer, "POST //chat/completions");
      else expectRefusal(answer, [404], "POST //chat/completions");
    },
  },
  {
    id: "ROUTE-03",
    level: "MUST",
    requirement: "No POST is answered 301, 302 or 303, whatever is odd about its path, query or host.",
    source: "Fetch standard, HTTP-redirect fetch: the POST becomes a GET, and the SDK reports 405 or a wrong body.",
    finds: ["route-https-redirect"],
    faults: [
      {
        id: "route-slash-redirect",
        what: "A slash at the end is redirected away with 301: the POST becomes a GET.",
        call: ({ path }) => (path.endsWith("/") ? redirect(path.slice(0, -1)) : undefined),
      },
    ],
    async run(context) {
      const host = new URL(context.subject.baseUrl).host.toUpperCase();
      const requests = [
        { path: "" },
        { path: "/" },
        { path: "/chat/completions" },
        { path: "/chat/completions/" },
        { path: "/chat/completions?api-version=1" },
        { path: "/chat/completions", headers: { host } },
      ];
      for (const request of requests) {
        // An empty object is enough to see where the request goes, and starts no model.
        const { status, headers } = await context.send({ method: "POST", body: {}, ...request });
        const what = `POST ${request.path || "to the base URL"}${request.headers ? ` with Host ${host}` : ""}`;
        expectThat(!turning.includes(status), `${what} not to be redirected`, {
          status,
          location: headers["location"],
        });
      }
    },
  },
  {
    id: "ROUTE-04",
    level: "DOC",
    requirement: "GET on the endpoint is 405 with `Allow: POST` and an error body, or the list of stored completions.",
    source: "RFC 9110, section 15.5.6. OpenAI's document: paths./chat/completions.get.",
    faults: [
      {
        id: "route-get-404",
        what: "GET on the endpoint is 404, as if there were no such endpoint.",
        answer: (answer) => (answer.status === 405 ? { ...answer, status: 404 } : answer),
      },
      {
        id: "route-allow-missing",
        what: "A 405 does not say which methods there are.",
        answer: (answer) =>
          answer.status === 405
            ? {
                ...answer,
                headers: Object.fromEntries(Object.entries(answer.headers).filter(([name]) => name !== "allow")),
              }
            : answer,
      },
    ],
    async run(context) {
      const answer = await context.send({ path: "/chat/completions", method: "GET" });
      if (answer.status === 200) {
        const list = answer.json as { object?: unknown } | null | undefined;
        return expectEqual(list?.object, "list", "object of what GET /chat/completions gives");
      }
      expectRefusal(answer, [405], "GET /chat/completions");
      const allow = answer.headers["allow"] ?? "";
      expectThat(/\bPOST\b/.test(allow), "`Allow` to list POST", answer.headers["allow"] ?? "no such header");
    },
  },
  {
    id: "ROUTE-05",
    level: "MUST",
    requirement: "An unknown path is 404, and its error says something where SDKs read it.",
    source: "OpenAI SDK, majors 4 to 6: without that body all that is left is `404 status code (no body)`.",
    eachSdk: true,
    faults: [
      {
        id: "route-404-empty",
        what: "A 404 has no body (uor-r4#764).",
        answer: (answer) => (answer.status === 404 ? { ...answer, body: "" } : answer),
      },
      {
        id: "route-404-page",
        what: "An unknown path is answered with the page of a web server.",
        answer: (answer) => (answer.status === 404 ? page : answer),
      },
      {
        id: "route-404-message-empty",
        what: "The error of a 404 has an empty message.",
        answer: (answer) => (answer.status === 404 ? refuse(404, { message: "" }) : answer),
      },
      {
        id: "route-unknown-200",
        what: "Any path is answered 200 with the start page of the app.",
        answer: (answer) => (answer.status === 404 ? { ...page, status: 200 } : answer),
      },
    ],
    async run(context) {
      const answer = await context.send({ path: unknownPath });
      expectRefusedInWords(answer, [404], `GET ${unknownPath}`);
      const call = context.sdk.client.get(unknownPath, { signal: context.signal });
      const error = await refusedBySdk(context, call, "NotFoundError", "an unknown path");
      expectThat(!error.message.includes("no body"), "a message in the SDK's error", error.message);
    },
  },
  {
    id: "ROUTE-06",
    level: "SHOULD",
    requirement: "A query string on the endpoint changes nothing.",
    source: "cursor/cursor#1640: clients made for Azure add `?api-version=…`.",
    finds: ["route-elsewhere"],
    faults: [
      {
        id: "route-query-404",
        what: "The path is compared with its query (cursor/cursor#1640).",
        call: ({ path }) => (path.startsWith(`${endpoint}?`) ? refuse(404) : undefined),
      },
    ],
    async run(context) {
      const client = context.sdk.create({ defaultQuery: { "api-version": "2024-10-21" } });
      const call = client.chat.completions.create(ask(context), { signal: context.signal });
      const completion = await fromSdk(context, call, "a call with `?api-version=2024-10-21`");
      expectThat(Array.isArray(completion?.choices), "a completion with choices", completion);
    },
  },
  {
    id: "ROUTE-07",
    level: "MUST",
    requirement: "`stream: true` is answered with `text/event-stream` although the request accepts `application/json`.",
    source: "OpenAI SDK, majors 4 to 7: `Accept: application/json` goes with every request, streams included.",
    eachSdk: true,
    finds: ["route-elsewhere"],
    faults: [
      {
        id: "route-accept-decides",
        what: "Whether the answer is a stream is read from `Accept`, where the SDK always says JSON.",
        call: editBody((body, { headers }) => {
          const isStream = headers.accept?.includes("event-stream") === true;
          return { ...body, stream: isStream };
        }),
      },
      {
        id: "route-accept-406",
        what: "A stream that is asked for with `Accept: application/json` is refused with 406.",
        call: editBody((body, { headers }) =>
          body["stream"] === true && headers.accept === "application/json" ? refuse(406) : undefined,
        ),
      },
      {
        id: "route-stream-type",
        what: "A stream is sent as `application/x-ndjson` (Lightning-AI/LitServe#359).",
        streamHeaders: (headers) => ({ ...headers, "content-type": "application/x-ndjson" }),
      },
    ],
    async run(context) {
      const call = context.sdk.client.chat.completions
        .create({ ...ask(context), stream: true }, { signal: context.signal })
        .withResponse();
      const { data, response } = await fromSdk(context, call, "a streamed call");
      const type = response.headers.get("content-type") ?? "none";
      expectThat(/^text\/event-stream\b/i.test(type), "the media type text/event-stream", type);
      const count = fromSdk(context, countChunks(data), "a streamed call");
      expectThat((await count) > 0, "chunks in the stream", "none");
    },
  },
  {
    id: "ROUTE-08",
    level: "SHOULD",
    requirement:
      "`stream` alone decides what comes back: `Accept: */*`, `text/event-stream` or none at all are no matter.",
    source: "@ai-sdk/openai-compatible sends `*/*`; RFC 9110, section 12.5.1 lets a server disregard the field.",
    finds: ["route-elsewhere", "route-accept-decides"],
    async run(context) {
      for (const accept of ["*/*", "text/event-stream", undefined]) {
        const what = `with \`Accept: ${accept ?? "(none)"}\``;
        expectAnswer(await context.chat(ask(context), { headers: { accept } }), `a call ${what}`);
        const { answer, chunks } = await context.stream(ask(context), { headers: { accept } });
        expectStatus(answer, [200], `a streamed call ${what}`);
        expectThat(chunks.length > 0, `chunks in the answer to a streamed call ${what}`, brief(answer));
      }
    },
  },
  {
    id: "ROUTE-09",
    level: "SHOULD",
    requirement: "`Content-Type` is read as a media type: parameters, quotes and capital letters are no matter.",
    source: "RFC 9110, section 8.3.1.",
    finds: ["route-elsewhere"],
    faults: [
      {
        id: "route-type-exact",
        what: "`Content-Type` is compared letter by letter, parameters included.",
        call: (call) => (isChat(call) && call.headers["content-type"] !== "application/json" ? refuse(415) : undefined),
      },
    ],
    async run(context) {
      const types = ["application/json; charset=utf-8", 'application/json;charset="UTF-8"', "Application/JSON"];
      for (const type of types)
        expectAnswer(await context.chat(ask(context), { headers: { "content-type": type } }), `a body of type ${type}`);
    },
  },
  {
    id: "ROUTE-10",
    level: "SHOULD",
    requirement: "A body that is not declared as JSON is 415 (or 400) with an error body.",
    source: "RFC 9110, section 15.5.16. Fetch standard: pages of other sites may send these types without preflight.",
    faults: [
      {
        id: "route-type-unread",
        what: "Any body is parsed as JSON, also one that a page of another site may send without asking.",
        call: ({ headers }) => ({ headers: { ...headers, "content-type": "application/json" } }),
      },
    ],
    async run(context) {
      for (const type of ["text/plain", "application/x-www-form-urlencoded"]) {
        const answer = await context.chat(ask(context), { headers: { "content-type": type } });
        expectOneOf(answer.status, [415, 400], `the status for a JSON body sent as ${type}`);
        expectEnvelope(answer, `a body of type ${type}`);
      }
    },
  },
]);

async function countChunks(stream: AsyncIterable<unknown>): Promise<number> {
  let count = 0;
  for await (const chunk of stream) if (chunk !== undefined) count++;
  return count;
}

function redirect(location: string): ProxiedAnswer {
  return { status: 301, headers: { location }, body: "" };
}
