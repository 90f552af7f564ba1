import { type Case, defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectEqual, expectThat, isObject, show, Skip } from "../expect.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { without } from "../self-test/edit.ts";
import { editBody, refuse } from "../self-test/edits/requests.ts";
import { expectRefusedInWords } from "./error-words.ts";
import { ask, describe, expectAccepted, isNotOffered, refuses, toChoice, toContent, toUsage } from "./request-check.ts";

const limiting = ["n", "stop", "max_tokens", "max_completion_tokens", "response_format", "logprobs", "top_logprobs"];

/** A value that is valid; undecidable where the model does not have the field at all and says so. */
async function expectValid(context: CaseContext, fields: object): Promise<WireAnswer> {
  const answer = await ask(context, fields);
  const [field = ""] = Object.keys(fields);
  if (isNotOffered(answer, field)) throw new Skip(`\`${field}\` is not offered: ${describe(answer)}`);
  expectAccepted(answer, show(fields));
  return answer;
}

/** Valid values are answered and wrong ones refused. */
export function bounds(valid: readonly object[], wrong: readonly object[], field?: string): Case["run"] {
  return async (context) => {
    // The wrong ones first: they are to be refused also where the field is not offered.
    await refuses(wrong, field)(context);
    for (const fields of valid) await expectValid(context, fields);
  };
}

/** Says nothing where the answer is short of itself, as that of a server which always says the same. */
async function expectCut(context: CaseContext, answer: WireAnswer, content: string): Promise<void> {
  const text = String(toContent(answer));
  if (text.split(/\s+/).length > 16 || (toUsage(answer, "completion_tokens") ?? 0) > 16) return;
  const whole = await ask(context, { messages: [{ role: "user", content }] });
  if (toContent(whole) === toContent(answer))
    throw new Skip(`the whole answer is not long enough to be cut: ${show(text)}`);
}

export const requestLimitCases = defineCases([
  {
    id: "REQ-28",
    level: "MUST",
    requirement: "`n: 2` gives two choices, or 400, never one choice.",
    source: "OpenAI's document: CreateChatCompletionRequest.n; users report servers that ignore `n` in silence",
    limitMs: 20_000,
    finds: ["request-422", "request-error-as-200", "request-nothing-validated", "robust-type-error-500"],
    faults: [
      {
        id: "n-ignored",
        what: "`n` is ignored: one choice, whatever was asked for.",
        call: editBody((body) => without(body, "n")),
      },
      {
        id: "fields-ignored",
        what: "n, stop, limits, response_format and logprobs are ignored behind a 200 (MTPLX#191).",
        call: editBody((body) => without(body, ...limiting)),
      },
    ],
    async run(context) {
      const answer = await ask(context, { n: 2 });
      if (answer.status === 400) return void expectRefusedInWords(answer, [400], "n: 2");
      expectAccepted(answer, "n: 2");
      const choices = isObject(answer.json) ? answer.json["choices"] : undefined;
      expectEqual(Array.isArray(choices) ? choices.length : undefined, 2, "the number of choices for n: 2");
    },
  },
  {
    id: "REQ-29",
    level: "DOC",
    requirement: "`top_logprobs` outside 0 to 20 is refused with 400.",
    source: "OpenAI's document: ModelResponseProperties.top_logprobs, minimum and maximum",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "fields-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    run: refuses([
      { logprobs: true, top_logprobs: 21 },
      { logprobs: true, top_logprobs: -1 },
    ]),
  },
  {
    id: "REQ-30",
    level: "DOC",
    requirement: "`top_logprobs` without `logprobs: true` is refused with 400.",
    source: "OpenAI's document: the description of top_logprobs (`logprobs` must be `true` if it is used)",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "fields-ignored",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "top-logprobs-alone",
        what: "`top_logprobs` without `logprobs` is ignored.",
        call: editBody((body) => (body["logprobs"] === true ? undefined : without(body, "top_logprobs"))),
      },
    ],
    run: refuses([{ top_logprobs: 2 }, { logprobs: false, top_logprobs: 2 }]),
  },
  {
    id: "REQ-31",
    level: "DOC",
    requirement: "`stop` takes a string, null or 1 to 4 strings; an empty list and five strings are refused with 400.",
    source: "OpenAI's document: StopConfiguration",
    limitMs: 30_000,
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "fields-ignored",
      "fields-null-refused",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "stop-list-cut",
        what: "Of more than four stop sequences the first four are taken, and an empty list is none.",
        call: editBody(({ stop, ...rest }) => {
          if (!Array.isArray(stop)) return undefined;
          return stop.length === 0 ? rest : { ...rest, stop: stop.slice(0, 4) };
        }),
      },
      {
        id: "stop-list-only",
        what: "`stop` as a plain string is refused.",
        call: editBody(({ stop }) => (typeof stop === "string" ? refuse(400, { param: "stop" }) : undefined)),
      },
    ],
    run: bounds(
      [{ stop: "###" }, { stop: null }, { stop: ["###"] }, { stop: ["##1", "##2", "##3", "##4"] }],
      [{ stop: [] }, { stop: ["##1", "##2", "##3", "##4", "##5"] }, { stop: 1 }],
    ),
  },
  {
    id: "REQ-32",
    level: "MUST",
    requirement: "`max_tokens` and `max_completion_tokens` both limit the answer.",
    source:
      "OpenAI's document: CreateChatCompletionRequest.max_tokens (deprecated; LangChain and others still send it), .max_completion_tokens",
    limitMs: 30_000,
    finds: ["limit-finish-stop", "fields-ignored"],
    faults: [
      {
        id: "old-limit-ignored",
        what: "The deprecated `max_tokens` is ignored (LangChain still sends it).",
        call: editBody((body) => without(body, "max_tokens")),
      },
      {
        id: "new-limit-ignored",
        what: "`max_completion_tokens` is unknown and ignored.",
        call: editBody((body) => without(body, "max_completion_tokens")),
      },
    ],
    async run(context) {
      const content = context.has("fixture") ? "@@words 200" : "Count from one to two hundred, in words.";
      let offered = 0;
      for (const name of ["max_tokens", "max_completion_tokens"]) {
        const answer = await ask(context, { messages: [{ role: "user", content }], [name]: 16 });
        if (isNotOffered(answer, name)) {
          context.note(`\`${name}\` is not offered: ${describe(answer)}`);
          continue;
        }
        offered++;
        expectAccepted(answer, `${name}: 16`);
        const reason = toChoice(answer)?.["finish_reason"];
        if (reason !== "length") await expectCut(context, answer, content);
        expectEqual(reason, "length", `finish_reason of a long answer with ${name}: 16`);
      }
      expectThat(offered > 0, "at least one of the two fields to be offered", "both refused as unsupported");
    },
  },
  {
    id: "REQ-55",
    level: "DOC",
    requirement:
      "`n` outside 1 to 128, token limits of zero or less, and `functions` that are none or more than 128 are refused with 400.",
    source: "OpenAI's document: CreateChatCompletionRequest.n, minimum and maximum; OpenAI's API refuses the others",
    limitMs: 20_000,
    async run(context) {
      await refuses([{ n: 0 }, { n: 129 }, { n: 1.5 }], "n")(context);
      for (const name of ["max_tokens", "max_completion_tokens"])
        await refuses([{ [name]: 0 }, { [name]: -1 }])(context);
      const many = Array.from({ length: 129 }, (_, index) => ({ name: `function_${index}` }));
      await refuses([{ functions: [] }, { functions: many }])(context);
    },
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "range-clamped",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "functions-uncounted",
        what: "Any number of the legacy `functions` is taken, none included.",
        call: ({ body }) => {
          const { functions, function_call: _call, ...rest } = body ?? {};
          return Array.isArray(functions) ? { bytes: Buffer.from(JSON.stringify(rest)) } : undefined;
        },
      },
    ],
  },
]);
