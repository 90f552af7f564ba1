import { defineCases } from "../case.ts";
import { expectOneOf, expectThat, Failure, show, Skip } from "../expect.ts";
import { type Provoked, provokeErrors, toError } from "./errors-provoked.ts";

/** The envelope of every error that the suite can cause. */
export const errorCases = defineCases([
  {
    id: "ERR-01",
    level: "DOC",
    requirement:
      'Every answer with a status of 400 or more is `application/json` and has `{"error":{"message","type","param","code"}}` with all four keys.',
    source:
      "OpenAI's document: ErrorResponse and Error; the SDK 4 to 6 lose any other body; earendil-works/pi#7748, lobehub/lobehub#19404, web-infra-dev/midscene#2741, theopenco/llmgateway#2532",
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
    requirement: "`error.message` is a non-empty string.",
    source:
      'OpenAI\'s document: Error.message; the SDK 4 to 6 say "status code (no body)" without it; openai/openai-node#1746, #1851',
    async run(context) {
      for (const provoked of await provokeErrors(context)) {
        const { message } = toError(provoked);
        const isText = typeof message === "string" && message.trim() !== "";
        expectThat(isText, `error.message for ${provoked.what} to be a text`, message);
      }
    },
  },
  {
    id: "ERR-03",
    level: "DOC",
    requirement: "`error.code` is a string or null; never the number of the status.",
    source: "OpenAI's document: Error.code",
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
    async run(context) {
      const mistakes = (await provokeErrors(context)).filter(({ kind }) => kind !== "backend");
      for (const { what, answer } of mistakes) {
        const { status } = answer;
        const isRepeated = status === 408 || status === 409 || status === 429 || status >= 500;
        expectThat(!isRepeated, `a status for ${what} that the SDK does not repeat`, status);
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
