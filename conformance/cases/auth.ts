import { defineCases } from "../case.ts";
import { expectEqual, expectThat, isObject } from "../expect.ts";
import { complete, isChat, refuse } from "../self-test/edits/requests.ts";
import type { ProxiedAnswer } from "../self-test/mutant.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { ask, brief, expectRefusal, expectStatus, unknownPath } from "./routes-answers.ts";
import { fromSdk, refusedBySdk } from "./routes-sdk.ts";

/** Has the form of a key, so that nobody refuses it for its form. */
const wrongKey = "sk-wrong-0123456789abcdef0123456789abcdef";

export const authCases = defineCases([
  {
    id: "AUTH-01",
    level: "MUST",
    requirement: "A request whose only credential is `Authorization: Bearer <key>` is answered when the key is right.",
    source: "OpenAI's document: securitySchemes.ApiKeyAuth (http, bearer); every SDK major sends nothing else.",
    needs: ["auth"],
    eachSdk: true,
    faults: [
      {
        id: "auth-azure-only",
        what: "The key is looked for in `api-key`, as Azure does, and not in `Authorization`.",
        call: ({ headers }) => ({ headers: { ...headers, authorization: undefined } }),
      },
    ],
    async run(context) {
      expectStatus(await context.plain(), [200], "a raw request with the right key");
      const call = context.sdk.client.chat.completions.create(ask(context), { signal: context.signal });
      expectThat(isObject(await fromSdk(context, call, "a call with the right key")), "a completion", "nothing");
    },
  },
  {
    id: "AUTH-02",
    level: "MUST",
    requirement: "A request without `Authorization` is answered 401 with an error body that has a message.",
    source: "OpenAI SDK, majors 4 to 7: 401 becomes AuthenticationError, whose text is error.message of the body.",
    needs: ["auth"],
    eachSdk: true,
    faults: [
      {
        id: "auth-optional",
        what: "Who sends no key at all is let in.",
        call: (call) => (call.headers.authorization === undefined ? complete("Hello!") : undefined),
      },
      {
        id: "auth-403",
        what: "A missing or wrong key is 403: the SDK throws PermissionDeniedError.",
        answer: with401((answer) => ({ ...answer, status: 403 })),
      },
      {
        id: "auth-body-empty",
        what: "A 401 has no body: all that the SDK can say is `401 status code (no body)`.",
        answer: with401((answer) => ({ ...answer, body: "" })),
      },
      {
        id: "auth-body-flat",
        what: 'A gateway\'s own 401 is `{"error":true,"status":401}` while all others are right (theopenco/llmgateway#2532).',
        answer: with401((answer) => ({
          ...answer,
          body: JSON.stringify({ error: true, status: 401, message: "Unauthorized" }),
        })),
      },
    ],
    async run(context) {
      const answer = await context.chat(ask(context), { headers: { authorization: undefined } });
      expectRefusedInWords(answer, [401], "a request without a key");
      const client = context.sdk.create({ defaultHeaders: { Authorization: null } });
      const call = client.chat.completions.create(ask(context), { signal: context.signal });
      const error = await refusedBySdk(context, call, "AuthenticationError", "a call without a key");
      expectEqual(error["status"], 401, "the status that the SDK saw");
    },
  },
  {
    id: "AUTH-03",
    level: "MUST",
    requirement: "A wrong key is answered 401, and not 403, 404 or 500.",
    source: "OpenAI SDK, majors 4 to 7: only 401 is AuthenticationError.",
    needs: ["auth"],
    eachSdk: true,
    finds: ["auth-403"],
    faults: [
      {
        id: "auth-unchecked",
        what: "Any key opens the door.",
        call: (call) =>
          isChat(call) && String(call.headers.authorization).startsWith("Bearer sk-wrong")
            ? complete("Hello!")
            : undefined,
      },
    ],
    async run(context) {
      const client = context.sdk.create({ apiKey: wrongKey });
      const call = client.chat.completions.create(ask(context), { signal: context.signal });
      const error = await refusedBySdk(context, call, "AuthenticationError", "a call with a wrong key");
      expectEqual(error["status"], 401, "the status that the SDK saw");
    },
  },
  {
    id: "AUTH-04",
    level: "MUST",
    requirement: "A 401 neither asks for another try (`x-should-retry: true`, `retry-after`) nor is tried again.",
    source: "OpenAI SDK, majors 4 to 7: 401 is not repeated unless `x-should-retry: true` says so.",
    needs: ["auth"],
    finds: ["auth-unchecked", "auth-403"],
    faults: [
      {
        id: "auth-should-retry",
        what: "A 401 asks for another try.",
        answer: with401((answer) => ({ ...answer, headers: { ...answer.headers, "x-should-retry": "true" } })),
      },
      {
        id: "auth-retry-after",
        what: "A 401 says `retry-after`.",
        answer: with401((answer) => ({ ...answer, headers: { ...answer.headers, "retry-after": "1" } })),
      },
    ],
    async run(context) {
      const { sdk, signal } = context;
      const answer = await context.chat(ask(context), { headers: { authorization: `Bearer ${wrongKey}` } });
      expectStatus(answer, [401], "a wrong key");
      expectThat(answer.headers["x-should-retry"] !== "true", "no `x-should-retry: true` on a 401", answer.headers);
      for (const name of ["retry-after", "retry-after-ms"])
        expectThat(answer.headers[name] === undefined, `no \`${name}\` on a 401`, answer.headers[name]);
      const before = sdk.requestCount();
      const call = sdk.create({ apiKey: wrongKey, maxRetries: 2 }).chat.completions.create(ask(context), { signal });
      await refusedBySdk(context, call, "AuthenticationError", "a call with a wrong key");
      expectEqual(sdk.requestCount() - before, 1, "the number of requests of a client with two retries");
    },
  },
  {
    id: "AUTH-05",
    level: "SHOULD",
    requirement: "The name of the authentication scheme is read without regard to case (`bearer`, `BEARER`).",
    source: "RFC 9110, section 11.1.",
    needs: ["auth"],
    finds: ["auth-azure-only"],
    faults: [
      {
        id: "auth-scheme-case",
        what: "The scheme is compared letter by letter: `bearer` is unknown.",
        call: ({ headers }) =>
          headers.authorization?.startsWith("Bearer ") === false
            ? { headers: { ...headers, authorization: undefined } }
            : undefined,
      },
    ],
    async run(context) {
      for (const scheme of ["bearer", "BEARER", "bEaReR"]) {
        const headers = { authorization: `${scheme} ${context.subject.apiKey}` };
        expectStatus(await context.chat(ask(context), { headers }), [200], `the right key after \`${scheme}\``);
      }
    },
  },
  {
    id: "AUTH-06",
    level: "SHOULD",
    requirement: "Another scheme, a missing scheme and an empty key are answered 401 with the same kind of error body.",
    source: "RFC 9110, sections 11.4 and 15.5.2; RFC 6750, section 2.1.",
    needs: ["auth"],
    finds: ["auth-403", "auth-body-empty", "auth-body-flat"],
    faults: [
      {
        id: "auth-scheme-unread",
        what: "The first word of `Authorization` is cut off and not looked at.",
        call: ({ headers }) => ({
          headers: { ...headers, authorization: headers.authorization?.replace(/^\w+ /, "Bearer ") },
        }),
      },
    ],
    async run(context) {
      const { apiKey } = context.subject;
      const basic = Buffer.from(`user:${wrongKey}`).toString("base64");
      // The right key after the wrong scheme: whoever only cuts the first word off lets it in.
      for (const authorization of [`Basic ${apiKey}`, `Basic ${basic}`, `Token ${apiKey}`, "Bearer ", "Bearer"]) {
        const answer = await context.chat(ask(context), { headers: { authorization } });
        expectRefusal(answer, [401], `\`Authorization: ${authorization.replace(apiKey, "<key>")}\``);
      }
    },
  },
  {
    id: "AUTH-07",
    level: "SHOULD",
    requirement: "A 401 carries `WWW-Authenticate` with a Bearer challenge.",
    source: "RFC 9110, section 15.5.2; RFC 6750, section 3.",
    needs: ["auth"],
    finds: ["auth-optional", "auth-403"],
    faults: [
      {
        id: "auth-challenge-missing",
        what: "A 401 has no `WWW-Authenticate`.",
        answer: with401((answer) => ({ ...answer, headers: stringsWithout(answer.headers, "www-authenticate") })),
      },
    ],
    async run(context) {
      const answer = await context.chat(ask(context), { headers: { authorization: undefined } });
      expectStatus(answer, [401], "a request without a key");
      const challenge = answer.headers["www-authenticate"];
      expectThat(
        challenge !== undefined && /(^|,)\s*bearer(\s|,|$)/i.test(challenge),
        "`WWW-Authenticate` with the scheme Bearer",
        challenge ?? "no such header",
      );
    },
  },
  {
    id: "AUTH-09",
    level: "SHOULD",
    requirement: "A key in the query string opens nothing.",
    source: "RFC 6750, section 5.3: URLs end up in logs and histories.",
    needs: ["auth"],
    finds: ["auth-optional", "auth-403"],
    faults: [
      {
        id: "auth-query-key",
        what: "A key in the query string is as good as one in the header.",
        call({ path, headers }) {
          const key = new URL(path, "http://localhost").searchParams.get("api_key");
          return key === null ? undefined : { headers: { ...headers, authorization: `Bearer ${key}` } };
        },
      },
    ],
    async run(context) {
      const key = encodeURIComponent(context.subject.apiKey);
      const names = ["api_key", "apikey", "key", "token", "access_token"];
      const path = `/chat/completions?${names.map((name) => `${name}=${key}`).join("&")}`;
      const headers = { authorization: undefined };
      const answer = await context.send({ path, body: ask(context), headers });
      expectStatus(answer, [401], `the right key as ${names.join(", ")} in the query string alone`);
    },
  },
  {
    id: "AUTH-11",
    level: "SHOULD",
    requirement: "Without a key, unknown paths and `/models` are answered 401 as well (a public model list is noted).",
    source: "RFC 9110, section 15.5.2: whoever may not enter is not told which doors there are; ovh/shai#61.",
    needs: ["auth"],
    finds: ["auth-optional", "auth-403", "auth-body-empty", "auth-body-flat"],
    faults: [
      {
        id: "auth-after-route",
        what: "Strangers are told which paths there are.",
        call: ({ path }) => (/\/(chat\/completions|models)/.test(path) ? undefined : refuse(404)),
      },
    ],
    async run(context) {
      const headers = { authorization: undefined };
      const unknown = await context.send({ path: unknownPath, body: {}, headers });
      expectRefusal(unknown, [401], "POST to an unknown path without a key");
      const models = await context.send({ path: "/models", headers });
      if (models.status === 200) context.note("GET /models is public");
      else expectThat(models.status === 401, "GET /models without a key to be answered 401", brief(models));
    },
  },
  {
    id: "AUTH-14",
    level: "SHOULD",
    requirement: "`OpenAI-Organization` and `OpenAI-Project` do no harm.",
    source: "OpenAI SDK, majors 4 to 7: both are sent whenever OPENAI_ORG_ID and OPENAI_PROJECT_ID are set.",
    needs: ["auth"],
    finds: ["auth-azure-only"],
    faults: [
      {
        id: "auth-organization",
        what: "An organization that nobody has configured is refused.",
        call: ({ headers }) =>
          "openai-organization" in headers
            ? refuse(401, { message: "OpenAI-Organization header should match organization for API key" })
            : undefined,
      },
    ],
    async run(context) {
      const client = context.sdk.create({ organization: "org_x", project: "proj_x" });
      const call = client.chat.completions.create(ask(context), { signal: context.signal });
      await fromSdk(context, call, "a call with an organization and a project");
    },
  },
]);

function with401(change: (answer: ProxiedAnswer) => ProxiedAnswer): (answer: ProxiedAnswer) => ProxiedAnswer {
  return (answer) => (answer.status === 401 ? change(answer) : answer);
}

function stringsWithout(
  headers: Readonly<Record<string, string>>,
  ...names: readonly string[]
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
