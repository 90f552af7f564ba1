import { without } from "../edit.ts";
import { defineMutants, type ProxiedAnswer } from "../mutant.ts";
import { complete, editError, isChat, parse, refuse } from "./request-edit.ts";

function with401(change: (answer: ProxiedAnswer) => ProxiedAnswer): (answer: ProxiedAnswer) => ProxiedAnswer {
  return (answer) => (answer.status === 401 ? change(answer) : answer);
}

export const authMutants = defineMutants([
  {
    id: "auth-azure-only",
    what: "The key is looked for in `api-key`, as Azure does, and not in `Authorization`.",
    killedBy: ["AUTH-01", "AUTH-05", "AUTH-14"],
    call: ({ headers }) => ({ headers: { ...headers, authorization: undefined } }),
  },
  {
    id: "auth-optional",
    what: "Who sends no key at all is let in.",
    killedBy: ["AUTH-02", "AUTH-07", "AUTH-10", "AUTH-11", "AUTH-09"],
    call: (call) => (call.headers.authorization === undefined ? complete("Hello!") : undefined),
  },
  {
    id: "auth-unchecked",
    what: "Any key opens the door.",
    killedBy: ["AUTH-03", "AUTH-04"],
    call: (call) =>
      isChat(call) && String(call.headers.authorization).startsWith("Bearer sk-wrong") ? complete("Hello!") : undefined,
  },
  {
    id: "auth-403",
    what: "A missing or wrong key is 403: the SDK throws PermissionDeniedError.",
    killedBy: ["AUTH-02", "AUTH-03", "AUTH-04", "AUTH-06", "AUTH-07", "AUTH-09", "AUTH-10", "AUTH-11"],
    answer: with401((answer) => ({ ...answer, status: 403 })),
  },
  {
    id: "auth-body-empty",
    what: "A 401 has no body: all that the SDK can say is `401 status code (no body)`.",
    killedBy: ["AUTH-02", "AUTH-06", "AUTH-10", "AUTH-11"],
    answer: with401((answer) => ({ ...answer, body: "" })),
  },
  {
    id: "auth-body-flat",
    what: 'A gateway\'s own 401 is `{"error":true,"status":401}` while all others are right (theopenco/llmgateway#2532).',
    killedBy: ["AUTH-02", "AUTH-06", "AUTH-10", "AUTH-11"],
    answer: with401((answer) => ({
      ...answer,
      body: JSON.stringify({ error: true, status: 401, message: "Unauthorized" }),
    })),
  },
  {
    id: "auth-type-missing",
    what: "The error of a 401 has no `type`.",
    killedBy: ["ERR-01"],
    answer: editError((error, { status }) => (status === 401 ? without(error, "type") : error)),
  },
  {
    id: "auth-should-retry",
    what: "A 401 asks for another try.",
    killedBy: ["AUTH-04"],
    answer: with401((answer) => ({ ...answer, headers: { ...answer.headers, "x-should-retry": "true" } })),
  },
  {
    id: "auth-retry-after",
    what: "A 401 says `retry-after`.",
    killedBy: ["AUTH-04"],
    answer: with401((answer) => ({ ...answer, headers: { ...answer.headers, "retry-after": "1" } })),
  },
  {
    id: "auth-scheme-case",
    what: "The scheme is compared letter by letter: `bearer` is unknown.",
    killedBy: ["AUTH-05"],
    call: ({ headers }) =>
      headers.authorization?.startsWith("Bearer ") === false
        ? { headers: { ...headers, authorization: undefined } }
        : undefined,
  },
  {
    id: "auth-scheme-unread",
    what: "The first word of `Authorization` is cut off and not looked at.",
    killedBy: ["AUTH-06"],
    call: ({ headers }) => ({
      headers: { ...headers, authorization: headers.authorization?.replace(/^\w+ /, "Bearer ") },
    }),
  },
  {
    id: "auth-challenge-missing",
    what: "A 401 has no `WWW-Authenticate`.",
    killedBy: ["AUTH-07"],
    answer: with401((answer) => ({ ...answer, headers: stringsWithout(answer.headers, "www-authenticate") })),
  },
  {
    id: "auth-key-repeated",
    what: "The refusal repeats the key: `Incorrect API key provided: …`.",
    killedBy: ["AUTH-08"],
    answer: editError((error, { status }, { headers }) =>
      status === 401 ? { ...error, message: `Incorrect API key provided: ${headers.authorization}` } : error,
    ),
  },
  {
    id: "auth-key-in-header",
    what: "A debugging header shows the right key.",
    killedBy: ["AUTH-08"],
    answer: (answer, { headers }) => ({
      ...answer,
      headers: { ...answer.headers, "x-debug-auth": String(headers.authorization) },
    }),
  },
  {
    id: "auth-query-key",
    what: "A key in the query string is as good as one in the header.",
    killedBy: ["AUTH-09"],
    call({ path, headers }) {
      const key = new URL(path, "http://localhost").searchParams.get("api_key");
      return key === null ? undefined : { headers: { ...headers, authorization: `Bearer ${key}` } };
    },
  },
  {
    id: "auth-after-body",
    what: "The body is parsed before the key is looked at: strangers are told what is wrong with it.",
    killedBy: ["AUTH-10"],
    call: (call) => (isChat(call) && parse(call.bytes.toString("utf8")) === undefined ? refuse(400) : undefined),
  },
  {
    id: "auth-after-route",
    what: "Strangers are told which paths there are.",
    killedBy: ["AUTH-11"],
    call: ({ path }) => (/\/(chat\/completions|models)/.test(path) ? undefined : refuse(404)),
  },
  {
    id: "auth-organization",
    what: "An organization that nobody has configured is refused.",
    killedBy: ["AUTH-14"],
    call: ({ headers }) =>
      "openai-organization" in headers
        ? refuse(401, { message: "OpenAI-Organization header should match organization for API key" })
        : undefined,
  },
]);

function stringsWithout(
  headers: Readonly<Record<string, string>>,
  ...names: readonly string[]
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}
