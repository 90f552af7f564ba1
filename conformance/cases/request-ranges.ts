import { defineCases } from "../case.ts";
import { without } from "../self-test/edit.ts";
import { type Body, editBody } from "../self-test/edits/requests.ts";
import { refuses } from "./request-check.ts";

export const requestRangeCases = defineCases([
  {
    id: "REQ-24",
    level: "DOC",
    requirement: "`stream` that is not a boolean is refused with 400 that names it; nothing is guessed from it.",
    source: "OpenAI's document: CreateChatCompletionRequest.stream",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "numbers-from-strings",
        what: 'Numbers and booleans as strings are read as if they were meant: `temperature: "1"`, `stream: "true"`.',
        call: editBody((body) => {
          const read = (value: unknown): unknown =>
            typeof value === "string" ? (JSON.parse(value) as unknown) : value;
          const given = ["stream", "temperature", "top_p"].filter((name) => name in body);
          return { ...body, ...Object.fromEntries(given.map((name) => [name, read(body[name])])) };
        }),
      },
      {
        id: "stream-truthy",
        what: "Whatever is truthy in `stream` begins a stream.",
        call: editBody((body) => (body["stream"] ? { ...body, stream: true } : undefined)),
      },
    ],
    run: refuses([{ stream: "true" }, { stream: 1 }, { stream: {} }], "stream"),
  },
  {
    id: "REQ-25",
    level: "DOC",
    requirement: "`temperature` that is no number from 0 to 2 is refused with 400 that names it.",
    source: "OpenAI's document: CreateChatCompletionRequest.temperature, minimum and maximum",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "numbers-from-strings",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    faults: [
      {
        id: "range-clamped",
        what: "Numbers out of their range are moved into it, in silence.",
        call: editBody((body) =>
          dropOutside(body, {
            temperature: [0, 2],
            top_p: [0, 1],
            frequency_penalty: [-2, 2],
            presence_penalty: [-2, 2],
            n: [1, 128],
            top_logprobs: [0, 20],
            max_tokens: [1, Infinity],
            max_completion_tokens: [1, Infinity],
          }),
        ),
      },
    ],
    run: refuses([{ temperature: -0.1 }, { temperature: 2.1 }, { temperature: "1" }], "temperature"),
  },
  {
    id: "REQ-26",
    level: "DOC",
    requirement: "`top_p` that is no number from 0 to 1 is refused with 400 that names it.",
    source: "OpenAI's document: CreateChatCompletionRequest.top_p, minimum and maximum",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "range-clamped",
      "numbers-from-strings",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    run: refuses([{ top_p: -0.1 }, { top_p: 1.1 }, { top_p: "1" }], "top_p"),
  },
  {
    id: "REQ-27",
    level: "DOC",
    requirement: "`frequency_penalty` and `presence_penalty` outside -2 to 2 are refused with 400 that names them.",
    source: "OpenAI's document: CreateChatCompletionRequest, minimum and maximum of the penalties",
    finds: [
      "request-422",
      "request-error-as-200",
      "request-nothing-validated",
      "request-param-missing",
      "range-clamped",
      "robust-type-error-500",
      "robust-envelope-missing",
    ],
    async run(context) {
      for (const name of ["frequency_penalty", "presence_penalty"]) {
        await refuses([{ [name]: 3 }, { [name]: -3 }], name)(context);
      }
    },
  },
]);

/** The body without fields that are out of range, as of a server that clamps them or takes its default. */
function dropOutside(body: Body, ranges: Readonly<Record<string, readonly [number, number]>>): Body {
  const outside = Object.entries(ranges).filter(([name, [least, most]]) => {
    const value = body[name];
    return typeof value === "number" && (value < least || value > most || (name === "n" && !Number.isInteger(value)));
  });
  return without(body, ...outside.map(([name]) => name));
}
