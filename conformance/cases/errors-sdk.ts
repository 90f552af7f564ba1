import type { APIError } from "openai";
import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectOneOf, expectRejection, expectThat, Failure, show, Skip } from "../expect.ts";
import { changeStatus, isError } from "../self-test/edits/errors.ts";
import type OpenAI from "openai";

interface Trial {
  /** A lenient server answers it; other cases say whether it should. */
  readonly mayAnswer?: boolean;
  readonly what: string;
  /** The classes that are right. */
  readonly classes: readonly string[];
  readonly ask: (client: OpenAI) => Promise<unknown>;
}

/** Errors as the official SDK shows them. */
export const errorSdkCases = defineCases([
  {
    id: "ERR-05",
    level: "MUST",
    requirement:
      "The SDK makes the class of each error that applications look for, with its status and message: BadRequestError, AuthenticationError, NotFoundError, RateLimitError, InternalServerError.",
    source: "`APIError.generate` of the SDK, every major: 400, 401, 403, 404, 409, 422, 429, 5xx",
    eachSdk: true,
    finds: ["error-unknown-path-empty", "failure-200", "failure-200-empty-choices"],
    faults: [
      {
        id: "failure-said-as-answer",
        what: "A failing backend is answered with the error as the assistant's text.",
        answer: (answer) =>
          answer.status >= 500
            ? {
                status: 200,
                headers: { "content-type": "application/json" },
                body: '{"object":"chat.completion","choices":[{"index":0,"message":{"role":"assistant","content":"Error: internal error"},"finish_reason":"stop"}]}',
              }
            : answer,
      },
      {
        id: "rate-limit-503",
        what: "A rate limit is a 503.",
        answer: (answer) => (answer.status === 429 ? { ...answer, status: 503 } : answer),
      },
      {
        id: "error-wrong-key-403",
        what: "A wrong key is a 403: applications look for AuthenticationError.",
        answer: changeStatus(401, 403),
      },
      {
        id: "error-unknown-path-400",
        what: "An unknown path is a 400.",
        answer: changeStatus(404, 400),
      },
      {
        id: "error-invalid-500",
        what: "A body that is not valid is a 500, and the SDK asks three times.",
        answer: changeStatus(400, 500),
      },
      {
        id: "error-invalid-409",
        what: "A body that is not valid is a 409, which the SDK repeats.",
        answer: changeStatus(400, 409),
      },
    ],
    async run(context) {
      for (const { what, classes, ask, mayAnswer = false } of toTrials(context)) {
        const outcome = await settle(ask(context.sdk.client));
        if (outcome.error === undefined && mayAnswer) continue;
        if (outcome.error === undefined)
          throw new Failure(`${what} to be refused`, `an answer: ${show(outcome.value)}`);
        const { error } = outcome;
        const { status } = error as unknown as APIError;
        expectOneOf(error.constructor.name, classes, `the class of the error for ${what} (status ${String(status)})`);
        expectEqual(classOf(Number(status)), error.constructor.name, `the class for status ${String(status)}`);
        const isTold = !/no body|^\d{3}\s*$/.test(error.message) && error.message.trim() !== "";
        expectThat(isTold, `a message that says what was wrong with ${what}`, error.message);
      }
    },
  },
  {
    id: "ERR-08",
    level: "MUST",
    requirement:
      'A failure inside a stream is told as `data: {"error":{…}}`: iteration over what came before works, and then throws an error with a message.',
    source:
      "`Stream` of the SDK, every major; LangChain and the AI SDK read the same; bigduu/Bamboo-agent#355, open-webui/open-webui#29628, BerriAI/litellm#39748",
    needs: ["fixture"],
    eachSdk: true,
    finds: ["deltas-trimmed"],
    faults: [
      {
        id: "failure-hidden-by-done",
        what: "A failure in a stream is hidden behind a clean `[DONE]`: bigduu/Bamboo-agent#355.",
        frame: (frame) => (isError(frame) ? "data: [DONE]\n\n" : frame),
      },
      {
        id: "failure-swallowed",
        what: "A failed stream just ends, with no error and no `[DONE]`: open-webui/open-webui#29628.",
        frame: (frame) => (isError(frame) ? "" : frame),
      },
      {
        id: "failure-said-as-text",
        what: "A failure is said as the assistant's words, with `stop`: openclaw/openclaw#115718.",
        frame: (frame) =>
          isError(frame)
            ? `data: ${JSON.stringify({ choices: [{ index: 0, delta: { content: "Error: internal error" }, finish_reason: "stop" }] })}\n\n`
            : frame,
      },
      {
        id: "failure-event-without-message",
        what: "The `error` of the event has no message.",
        frame: (frame) => (isError(frame) ? 'data: {"error":{"code":500}}\n\n' : frame),
      },
    ],
    async run({ sdk, say, signal }) {
      const body = { ...say('@@fail after=3 message="the well is dry"'), stream: true as const };
      const stream = await sdk.client.chat.completions.create(body, { signal }).catch((error: unknown) => {
        throw new Failure("a stream that fails after three words", `a refusal: ${String(error)}`);
      });
      let text = "";
      const iterate = async (): Promise<void> => {
        for await (const chunk of stream) text += chunk.choices?.[0]?.delta?.content ?? "";
      };
      const error = await expectRejection(iterate(), "a stream that fails");
      expectThat(error instanceof sdk.module.default.APIError, "an APIError", error);
      // A gateway need not pass on what its model says, but it must say something itself.
      const isTold =
        /[a-z]{2,} [a-z]{2,}/i.test(error.message) && !/undefined|no body|\[object|[{}]/.test(error.message);
      expectThat(isTold, "an APIError whose message says what happened", error.message);
      expectEqual(text, "word0 word1 word2", "the text before the failure");
    },
  },
]);

interface Settled {
  readonly value?: unknown;
  readonly error?: Error & Record<string, unknown>;
}

function settle(call: Promise<unknown>): Promise<Settled> {
  return call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error: error as Error & Record<string, unknown> }),
  );
}

function toTrials({ say, sdk, has, signal }: CaseContext): Trial[] {
  const create = (client: OpenAI, text: string, fields: object = {}): Promise<unknown> =>
    Promise.resolve(client.chat.completions.create({ ...say(text), ...fields }, { signal }));
  const trials: Trial[] = [
    {
      what: "an empty list of messages",
      mayAnswer: true,
      classes: ["BadRequestError", "UnprocessableEntityError"],
      ask: (client) => create(client, "", { messages: [] }),
    },
    {
      what: "an unknown path",
      classes: ["NotFoundError"],
      ask: (client) => Promise.resolve(client.get("/no-such-path-xyz", { signal })),
    },
  ];
  if (has("auth"))
    trials.push({
      what: "a wrong key",
      classes: ["AuthenticationError"],
      ask: () => create(sdk.create({ apiKey: "wrong" }), "hi"),
    });
  if (has("fixture"))
    for (const [code, name] of Object.entries(scriptedClasses))
      trials.push({
        what: `@@fail code=${code}`,
        classes: [name],
        ask: (client) => create(client, `@@fail code=${code}`),
      });
  return trials;
}

const scriptedClasses = {
  context_length_exceeded: "BadRequestError",
  rate_limit_exceeded: "RateLimitError",
  upstream_unavailable: "InternalServerError",
  internal_error: "InternalServerError",
};

function classOf(status: number): string {
  if (status >= 500) return "InternalServerError";
  const name = classes[status];
  if (name === undefined) throw new Skip(`the SDK has no class of its own for ${status}`);
  return name;
}

const classes: Readonly<Record<number, string>> = {
  400: "BadRequestError",
  401: "AuthenticationError",
  403: "PermissionDeniedError",
  404: "NotFoundError",
  409: "ConflictError",
  422: "UnprocessableEntityError",
  429: "RateLimitError",
};
