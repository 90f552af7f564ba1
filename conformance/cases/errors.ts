import { defineCases } from "../case.ts";
import { expectOneOf, expectThat, Failure, show, Skip } from "../expect.ts";
import { toRefusal, withHeaders, without } from "../self-test/edit.ts";
import { changeStatus, isError } from "../self-test/edits/errors.ts";
import { editError } from "../self-test/edits/requests.ts";
import type { ProxiedAnswer } from "../self-test/mutant.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { type Provoked, provokeErrors, toError } from "./errors-provoked.ts";
import { describe } from "./request-check.ts";

type Tree = Record<string, unknown>;

const page = "<!doctype html><html><body><h1>Something went wrong</h1></body></html>";

/** The envelope of every error that the suite can cause. */
export const errorCases = defineCases([
  {
    id: "ERR-01",
    level: "DOC",
    requirement:
      'Every answer with a status of 400 or more is `application/json` and has `{"error":{"message","type","param","code"}}` with all four keys.',
    source:
      "OpenAI's document: ErrorResponse and Error; the SDK 4 to 6 lose any other body; earendil-works/pi#7748, lobehub/lobehub#19404, web-infra-dev/midscene#2741, theopenco/llmgateway#2532",
    finds: ["json-as-text-plain"],
    faults: [
      {
        id: "auth-type-missing",
        what: "The error of a 401 has no `type`.",
        answer: editError((error, { status }) => (status === 401 ? without(error, "type") : error)),
      },
      {
        id: "error-flat",
        what: "Errors are `{error_code, message}`: earendil-works/pi#7748.",
        answer: changeBody(({ error }) => ({
          error_code: (error as Tree)["code"],
          message: (error as Tree)["message"],
        })),
      },
      {
        id: "error-as-text",
        what: "`error` is a string: lobehub/lobehub#19404.",
        answer: changeBody(({ error }) => ({ error: (error as Tree)["message"] })),
      },
      {
        id: "error-of-fastapi",
        what: "Errors are `{detail}`: earendil-works/pi#5763.",
        answer: changeBody(({ error }) => ({ detail: [{ loc: ["body"], msg: (error as Tree)["message"] }] })),
      },
      {
        id: "error-without-param",
        what: "Errors have no `param`.",
        answer: changeError((error) => without(error, "param")),
      },
      {
        id: "error-without-code",
        what: "Errors have no `code`.",
        answer: changeError((error) => without(error, "code")),
      },
      {
        id: "error-as-text-plain",
        what: "Errors are JSON of the type text/plain.",
        answer: (answer) => (answer.status >= 400 ? withHeaders(answer, { "content-type": "text/plain" }) : answer),
      },
      {
        id: "error-page",
        what: "A proxy puts a page in place of every 5xx: web-infra-dev/midscene#2741.",
        answer: (answer) =>
          answer.status >= 500 ? withHeaders({ ...answer, body: page }, { "content-type": "text/html" }) : answer,
      },
      {
        id: "error-page-for-unknown-path",
        what: "An unknown path is answered with a page.",
        answer: (answer) =>
          answer.status === 404 ? withHeaders({ ...answer, body: page }, { "content-type": "text/html" }) : answer,
      },
      {
        id: "error-unknown-path-empty",
        what: "An unknown path is a 404 without a body.",
        answer: (answer) => (answer.status === 404 ? { status: 404, headers: {}, body: "" } : answer),
      },
    ],
    async run(context) {
      for (const provoked of await provokeErrors(context)) {
        const { what, answer } = provoked;
        const type = answer.headers["content-type"] ?? "";
        expectThat(/^application\/json\b/i.test(type), `content-type application/json for ${what}`, type);
        const error = toError(provoked);
        for (const key of ["message", "type", "param", "code"])
          expectThat(Object.hasOwn(error, key), `error.${key} for ${what}`, error);
      }
    },
  },
  {
    id: "ERR-02",
    level: "MUST",
    requirement:
      "An error says something where SDKs read it: `error.message`, or a text in place of `error` or of the body.",
    source:
      'OpenAI\'s document: Error.message; the SDK 4 to 6 say "status code (no body)" without any; openai/openai-node#1746, #1851',
    finds: ["error-flat", "error-of-fastapi", "error-page", "error-unknown-path-empty"],
    faults: [
      {
        id: "error-without-message",
        what: 'The message is empty: "status code (no body)", openai/openai-node#1746.',
        answer: changeError((error) => ({ ...error, message: "" })),
      },
      {
        id: "error-message-object",
        what: "The message is an object.",
        answer: changeError((error) => ({ ...error, message: { text: error["message"] } })),
      },
    ],
    async run(context) {
      for (const { what, answer } of await provokeErrors(context)) expectRefusedInWords(answer, [answer.status], what);
    },
  },
  {
    id: "ERR-03",
    level: "DOC",
    requirement: "`error.code` is a string or null; never the number of the status.",
    source: "OpenAI's document: Error.code",
    finds: ["error-flat", "error-as-text", "error-page", "error-unknown-path-empty"],
    faults: [
      {
        id: "error-code-number",
        what: "`code` is the number of the status, as of OpenRouter.",
        answer: (answer) => changeError((error) => ({ ...error, code: answer.status }))(answer),
      },
    ],
    async run(context) {
      for (const provoked of await provokeErrors(context)) {
        const { code = null } = toError(provoked);
        const isFit = code === null || typeof code === "string";
        expectThat(isFit, `error.code for ${provoked.what} to be a string or null`, code);
      }
    },
  },
  {
    id: "ERR-04",
    level: "DOC",
    requirement: "`error.type` is a string, `error.param` a string or null.",
    source: "OpenAI's document: Error.type, Error.param",
    finds: ["error-flat", "error-as-text", "error-page", "error-unknown-path-empty"],
    faults: [
      {
        id: "error-type-null",
        what: "`type` is null.",
        answer: changeError((error) => ({ ...error, type: null })),
      },
      {
        id: "error-param-list",
        what: "`param` is the path as a list.",
        answer: changeError((error) =>
          error["param"] === null ? error : { ...error, param: ["body", error["param"]] },
        ),
      },
    ],
    async run(context) {
      for (const provoked of await provokeErrors(context)) {
        const { type, param = null } = toError(provoked);
        expectThat(typeof type === "string", `error.type for ${provoked.what} to be a string`, type);
        const isFit = param === null || typeof param === "string";
        expectThat(isFit, `error.param for ${provoked.what} to be a string or null`, param);
      }
    },
  },
  {
    id: "ERR-06",
    level: "SHOULD",
    requirement: "A body that is not valid is refused with status 400; not 422, and not a 5xx.",
    source: "OpenAI's API answers 400; the SDK repeats every 5xx, and applications look for BadRequestError",
    finds: ["error-invalid-500", "error-invalid-409"],
    faults: [
      {
        id: "error-invalid-422",
        what: "A body that is not valid is a 422, as of FastAPI.",
        answer: changeStatus(400, 422),
      },
    ],
    async run(context) {
      for (const { what, answer } of await provokeFields(context))
        expectThat(answer.status === 400, `status 400 for ${what}`, answer.status);
    },
  },
  {
    id: "ERR-13",
    level: "SHOULD",
    requirement: "No error shows a stack trace, a file path, a key or the inside of the server.",
    source: "CWE-209, information exposure through an error message",
    faults: [
      {
        id: "failure-event-with-stack",
        what: "The error event of a stream shows the stack.",
        frame: (frame) =>
          isError(frame) ? 'data: {"error":{"message":"at run (/home/node/app/server.js:10:5)"}}\n\n' : frame,
      },
      {
        id: "error-with-stack",
        what: "Errors show where in the program they were made.",
        answer: changeError((error) => ({ ...error, stack: "Error: no\n    at run (/home/node/app/server.js:10:5)" })),
      },
      {
        id: "error-with-key",
        what: "The refusal of a request repeats the key it came with.",
        answer: (answer, call) =>
          changeError((error) => ({ ...error, message: `Refused for ${String(call.headers.authorization)}` }))(answer),
      },
    ],
    async run(context) {
      const { subject, has, chat, say, stream } = context;
      const texts = (await provokeErrors(context)).map(({ what, answer }) => ({ what, text: toAll(answer) }));
      if (has("fixture")) {
        const secret = "canary 9f3a at /home/somebody/node_modules/x.js:1:2";
        texts.push({ what: "a defect", text: toAll(await chat(say(`@@crash ${secret}`))) });
        const { answer } = await stream(say(`@@words 3\n@@crash ${secret}`));
        texts.push({ what: "a defect in a stream", text: toAll(answer) });
      }
      for (const { what, text } of texts) {
        const leak = leaks.find(({ pattern }) => pattern.test(text));
        if (leak !== undefined) throw new Failure(`no ${leak.name} in the answer to ${what}`, show(text));
        const isSilent = subject.apiKey.length < 8 || !text.includes(subject.apiKey);
        expectThat(isSilent, `the answer to ${what} without the key`, "it holds the key");
      }
    },
  },
  {
    id: "ERR-14",
    level: "DOC",
    requirement: "A 400 about one field names it in `error.param`.",
    source: "OpenAI's document: Error.param; applications show it beside the field",
    finds: ["error-flat", "error-as-text", "error-of-fastapi", "error-without-param", "error-param-list"],
    faults: [
      {
        id: "error-param-null",
        what: "No error names the field at fault.",
        answer: changeError((error) => ({ ...error, param: null })),
      },
    ],
    async run(context) {
      const refused = (await provokeFields(context)).filter(({ answer }) => answer.status === 400);
      if (refused.length === 0) throw new Skip("the subject refused no wrong field with 400");
      for (const provoked of refused) {
        const { param } = toError(provoked);
        const isNamed = typeof param === "string" && param.startsWith(provoked.field ?? "");
        expectThat(isNamed, `error.param ${provoked.field} for ${provoked.what}`, param);
      }
    },
  },
  {
    id: "ERR-19",
    level: "MUST",
    requirement:
      "A mistake of the client is never answered with a status that makes clients try again: 408, 409, 429 or 5xx.",
    source: "The SDK repeats these by itself, in every major, and a mistake stays one",
    finds: ["error-invalid-500", "error-invalid-409"],
    faults: [
      {
        id: "error-unknown-model-503",
        what: "An unknown model is a 503, as of some routers.",
        answer: (answer, call) =>
          call.body?.["model"] === "no-such-model-xyz" ? toRefusal(503, "no backend for this model") : answer,
      },
      {
        id: "error-should-retry",
        what: "Refusals ask to be tried again.",
        answer: (answer) => (answer.status === 400 ? withHeaders(answer, { "x-should-retry": "true" }) : answer),
      },
    ],
    async run(context) {
      const mistakes = (await provokeErrors(context)).filter(({ kind }) => kind !== "backend");
      for (const { what, answer } of mistakes) {
        const { status } = answer;
        const isRepeated = status === 408 || status === 409 || status === 429 || status >= 500;
        if (isRepeated) throw new Failure(`a status for ${what} that the SDK does not repeat`, describe(answer));
        expectOneOf(answer.headers["x-should-retry"], [undefined, "false"], `x-should-retry for ${what}`);
      }
      const { sdk, signal } = context;
      const client = sdk.create({ maxRetries: 2 });
      const body = { model: context.subject.model, messages: [] };
      const refusal: unknown = await client.chat.completions.create(body, { signal }).catch((error: unknown) => error);
      if (!(refusal instanceof Error)) return context.note("an empty list of messages is not refused");
      expectThat(sdk.requestCount() === 1, "one request of an SDK that may retry", sdk.requestCount());
    },
  },
]);

async function provokeFields(context: Parameters<typeof provokeErrors>[0]): Promise<readonly Provoked[]> {
  return (await provokeErrors(context)).filter(({ kind }) => kind === "field");
}

const leaks = [
  {
    name: "stack trace",
    pattern: /\bat [^\n"]{0,200}\.\w{1,4}:\d+:\d+\b|Traceback \(most recent call last\)|goroutine \d+ \[/,
  },
  { name: "path of a file", pattern: /(?:\/home\/|\/root\/|\/usr\/|\/var\/|\/Users\/|[A-Z]:\\\\?Users)|node_modules/ },
  { name: "key", pattern: /\bsk-[A-Za-z0-9]{16,}|\bBearer [\w-]{16,}/ },
  { name: "inside of a failure", pattern: /canary 9f3a/ },
];

function toAll({ headers, text }: Provoked["answer"]): string {
  return `${Object.values(headers).join("\n")}\n${text}`;
}

function changeBody(edit: (body: Tree) => unknown): (answer: ProxiedAnswer) => ProxiedAnswer {
  return (answer) => {
    if (answer.status < 400 || !String(answer.body).startsWith("{")) return answer;
    return { ...answer, body: JSON.stringify(edit(JSON.parse(String(answer.body)) as Tree)) };
  };
}

function changeError(edit: (error: Tree) => unknown): (answer: ProxiedAnswer) => ProxiedAnswer {
  return changeBody((body) => ({ ...body, error: edit(body["error"] as Tree) }));
}
