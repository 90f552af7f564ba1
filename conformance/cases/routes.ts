import { defineCases } from "../case.ts";
import { expectEqual, expectOneOf, expectThat } from "../expect.ts";
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

/** `fetch` turns a POST into a GET on these; on 307 and 308 it does not. */
const turning = [301, 302, 303];

export const routeCases = defineCases([
  {
    id: "ROUTE-01",
    level: "MUST",
    requirement: "`POST {base}/chat/completions` answers, whether or not the client's base URL ends in a slash.",
    source: "OpenAI's document: paths./chat/completions. OpenAI SDK, all majors: one slash is kept between the two.",
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
    requirement: "An unknown path is 404 with JSON in which `error.message` says something.",
    source: "OpenAI SDK, majors 4 to 6: without that body all that is left is `404 status code (no body)`.",
    eachSdk: true,
    async run(context) {
      const answer = await context.send({ path: unknownPath });
      expectRefusal(answer, [404], `GET ${unknownPath}`);
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
