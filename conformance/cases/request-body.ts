import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject } from "../expect.ts";
import { without } from "../self-test/edit.ts";
import { complete, crash, editBody, editError, isChat, parse, refuse, toJson } from "../self-test/edits/requests.ts";
import { ask, describe, expectAccepted, expectRefused, post, toError, toTinyPrompt } from "./request-check.ts";

/** A field in front of the others, as JSON text: what an object of JavaScript cannot hold. */
function toText(context: CaseContext, fields: string): string {
  const { model, messages } = context.say(toTinyPrompt(context));
  return `{${fields},"model":${JSON.stringify(model)},"messages":${JSON.stringify(messages)}}`;
}

const nestingLevels = 10_000;
const nested = "[".repeat(nestingLevels) + "]".repeat(nestingLevels);

export const requestBodyCases = defineCases([
  {
    id: "REQ-01",
    level: "DOC",
    requirement: "A body that is not JSON is refused with 400 and an error of type `invalid_request_error`.",
    source:
      "RFC 9110, section 15.5.1; OpenAI's document: ErrorResponse; the SDKs read `error.message` of every failure",
    finds: ["robust-type-error-500", "robust-envelope-missing"],
    faults: [
      {
        id: "request-422",
        what: "Whatever is wrong with a body is 422 with `detail`, as FastAPI does by itself: BadRequestError is never thrown.",
        answer: (answer, call) =>
          answer.status === 400 && isChat(call)
            ? toJson(422, { detail: [{ loc: ["body"], msg: "Field required" }] })
            : answer,
      },
      {
        id: "request-error-as-200",
        what: "A refusal goes out with status 200, the error in the body (vercel/ai#20351).",
        answer: (answer) => (answer.status === 400 ? { ...answer, status: 200 } : answer),
      },
      {
        id: "request-nothing-validated",
        what: "Whatever cannot be used is answered anyway.",
        answer: (answer, call) => (answer.status === 400 && isChat(call) ? complete("How can I help?") : answer),
      },
      {
        id: "request-syntax-500",
        what: "A body that does not parse is a 500, as the parser's exception is not caught.",
        call: (call) => (isChat(call) && parse(call.bytes.toString("utf8")) === undefined ? crash : undefined),
      },
      {
        id: "request-syntax-type",
        what: "The error for broken JSON has the type of the parser's exception.",
        answer: editError((error) => (error["param"] === null ? { ...error, type: "SyntaxError" } : error)),
      },
      {
        id: "robust-answers-anything",
        what: "A body that is not JSON is answered as a prompt.",
        call: (call) => (isChat(call) && call.bytes.length > 0 && call.body === undefined ? complete("ok") : undefined),
      },
    ],
    async run(context) {
      const answer = await post(context, '{"model":');
      expectRefused(answer, "a body that breaks off");
      expectEqual(toError(answer)?.["type"], "invalid_request_error", "error.type");
    },
  },
  {
    id: "REQ-02",
    level: "DOC",
    requirement: "A JSON body that is no object (an array, a string, a number, a boolean, null) is refused with 400.",
    source: "OpenAI's document: CreateChatCompletionRequest is an object; users report servers that hang on it",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "robust-type-error-500",
      "robust-envelope-missing",
      "robust-answers-anything",
    ],
    faults: [
      {
        id: "request-no-object-500",
        what: "A body that is JSON but no object reads a field of null: 500.",
        call: (call) => (isChat(call) && call.body === undefined ? crash : undefined),
      },
    ],
    async run(context) {
      for (const body of ["[]", '"hi"', "1", "true", "null"]) {
        expectRefused(await post(context, body), `the body ${body}`);
      }
    },
  },
  {
    id: "REQ-03",
    level: "DOC",
    requirement: "An empty body is refused with 400.",
    source: "OpenAI's document: createChatCompletion.requestBody.required",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-syntax-500",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "request-empty-body",
        what: "An empty body is taken for a body with defaults and answered.",
        call: (call) => (isChat(call) && call.bytes.length === 0 ? complete("Hello!") : undefined),
      },
    ],
    async run(context) {
      expectRefused(await post(context, ""), "an empty body");
    },
  },
  {
    id: "REQ-07",
    level: "DOC",
    requirement: "A body without `model` is refused with 400 that names `model`.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.required; a gateway with a default agent may answer instead",
    faults: [
      {
        id: "request-model-missing",
        what: "A body without `model` is a 500.",
        call: editBody((body) => ("model" in body ? undefined : crash)),
      },
    ],
    async run(context) {
      const answer = await ask(context, { model: undefined });
      if (context.subject.profile === "gateway" && answer.status === 200) {
        expectAccepted(answer, "a body without model");
        context.note("without `model` the default agent answers");
        return;
      }
      expectRefused(answer, "a body without model", "model");
    },
  },
  {
    id: "REQ-20",
    level: "SHOULD",
    requirement:
      "An unknown field of the body is ignored, or refused with 400, `code` `unknown_parameter` and `param`.",
    source: "OpenAI's document has no `additionalProperties: false`; vllm-project/vllm#10463, gpustack/gpustack#429",
    faults: [
      {
        id: "request-strict-fields",
        what: "Unknown fields of the body are refused without a name (vllm-project/vllm#10463).",
        call: editBody((body) => (Object.keys(body).some((key) => key.startsWith("x_")) ? refuse(400) : undefined)),
      },
    ],
    async run(context) {
      const answer = await ask(context, { x_unknown: 1 });
      if (answer.status === 200) {
        expectAccepted(answer, "an unknown field");
        return context.note("an unknown field is ignored");
      }
      expectRefused(answer, "an unknown field", "x_unknown");
      expectEqual(toError(answer)?.["code"], "unknown_parameter", "error.code");
      context.note("an unknown field is refused");
    },
  },
  {
    id: "REQ-53",
    level: "SHOULD",
    requirement:
      "Duplicate keys, 10,000 levels of nesting and numbers beyond every range are answered or refused, without a 5xx and without a wait.",
    source:
      "RFC 8259, sections 4, 6 and 9: what parsers may differ in; recursive parsers and validators overflow on it",
    limitMs: 30_000,
    faults: [
      {
        id: "request-recursive-parser",
        what: "A parser that calls itself overflows on deep nesting: 500.",
        call: (call) => (call.bytes.includes("[".repeat(5000)) ? crash : undefined),
      },
    ],
    async run(context) {
      const bodies = {
        "a key that is there twice": toText(context, '"n":1,"n":1,"messages":[]'),
        "deep nesting in an unknown field": toText(context, `"x_unknown":${nested}`),
        "deep nesting in messages": `{"model":"m","messages":${nested}}`,
        "a number beyond 64 bits of floating point": toText(context, '"temperature":1e400'),
        "an integer of 60 digits": toText(context, `"seed":${"9".repeat(60)}`),
        "a token limit of 30 digits": toText(context, `"max_completion_tokens":${"9".repeat(30)}`),
      };
      for (const [what, body] of Object.entries(bodies)) {
        const answer = await post(context, body);
        expectThat(
          answer.status === 200 || answer.status === 413 || (answer.status === 400 && toError(answer) !== undefined),
          `200, 413, or 400 with the error envelope, for ${what}`,
          describe(answer),
        );
      }
    },
  },
  {
    id: "REQ-54",
    level: "SHOULD",
    requirement: "The keys `__proto__` and `constructor` in a body are unknown fields and change nothing else.",
    source: "Prototype pollution (CWE-1321): JSON.parse makes `__proto__` a key of its own, careless copies assign it",
    limitMs: 20_000,
    faults: [
      {
        id: "request-prototype",
        what: "`__proto__` of a body is assigned and its fields are read from there.",
        call: editBody((body) => {
          const inherited = Object.entries(body).find(([key]) => key === "__proto__")?.[1];
          return isObject(inherited) ? { ...inherited, ...without(body, "__proto__", "constructor") } : undefined;
        }),
      },
    ],
    async run(context) {
      // Only what changes a good answer: a refusal would be allowed, and a polluted server must not get away with one.
      const polluting = '{"stream":true,"prototype":{"stream":true}}';
      const bodies = [
        toText(context, `"__proto__":${polluting},"constructor":${polluting}`),
        toText(context, `"metadata":{"__proto__":"x","constructor":"y"}`),
        `{"model":${JSON.stringify(context.subject.model)},"messages":[{"role":"user","content":${JSON.stringify(toTinyPrompt(context))},"__proto__":{"role":"alien"},"constructor":1}]}`,
      ];
      for (const body of bodies) {
        const answer = await post(context, body, { limitMs: 8000 });
        if (answer.status === 400 && toError(answer) !== undefined) continue;
        expectAccepted(answer, `the body ${body.slice(0, 120)}`);
      }
      expectAccepted(await ask(context, {}), "an ordinary call afterwards");
    },
  },
]);
