import { isObject } from "../../expect.ts";
import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { type Body, editBody, refuse } from "./request-edit.ts";

/** The body without fields that are out of range, as of a server that clamps them or takes its default. */
function dropOutside(body: Body, ranges: Readonly<Record<string, readonly [number, number]>>): Body {
  const outside = Object.entries(ranges).filter(([name, [least, most]]) => {
    const value = body[name];
    return typeof value === "number" && (value < least || value > most || (name === "n" && !Number.isInteger(value)));
  });
  return without(body, ...outside.map(([name]) => name));
}

const fields = ["n", "stop", "max_tokens", "max_completion_tokens", "response_format", "logprobs", "top_logprobs"];

export const requestLimitMutants = defineMutants([
  {
    id: "range-clamped",
    what: "Numbers out of their range are moved into it, in silence.",
    killedBy: ["REQ-25", "REQ-26", "REQ-27", "REQ-51", "REQ-55"],
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
  {
    id: "numbers-from-strings",
    what: 'Numbers and booleans as strings are read as if they were meant: `temperature: "1"`, `stream: "true"`.',
    killedBy: ["REQ-24", "REQ-25", "REQ-26"],
    call: editBody((body) => {
      const read = (value: unknown): unknown => (typeof value === "string" ? (JSON.parse(value) as unknown) : value);
      const given = ["stream", "temperature", "top_p"].filter((name) => name in body);
      return { ...body, ...Object.fromEntries(given.map((name) => [name, read(body[name])])) };
    }),
  },
  {
    id: "stream-truthy",
    what: "Whatever is truthy in `stream` begins a stream.",
    killedBy: ["REQ-24"],
    call: editBody((body) => (body["stream"] ? { ...body, stream: true } : undefined)),
  },
  {
    id: "n-ignored",
    what: "`n` is ignored: one choice, whatever was asked for.",
    killedBy: ["REQ-28", "REQ-50"],
    call: editBody((body) => without(body, "n")),
  },
  {
    id: "fields-ignored",
    what: "n, stop, limits, response_format and logprobs are ignored behind a 200 (MTPLX#191).",
    killedBy: [
      "REQ-28",
      "REQ-29",
      "REQ-31",
      "REQ-32",
      "REQ-33",
      "REQ-34",
      "REQ-35",
      "REQ-50",
      "LIM-06",
      "LIM-07",
      "REQ-30",
    ],
    call: editBody((body) => without(body, ...fields)),
  },
  {
    id: "top-logprobs-alone",
    what: "`top_logprobs` without `logprobs` is ignored.",
    killedBy: ["REQ-30"],
    call: editBody((body) => (body["logprobs"] === true ? undefined : without(body, "top_logprobs"))),
  },
  {
    id: "stop-list-cut",
    what: "Of more than four stop sequences the first four are taken, and an empty list is none.",
    killedBy: ["REQ-31", "REQ-51"],
    call: editBody(({ stop, ...rest }) => {
      if (!Array.isArray(stop)) return undefined;
      return stop.length === 0 ? rest : { ...rest, stop: stop.slice(0, 4) };
    }),
  },
  {
    id: "stop-list-only",
    what: "`stop` as a plain string is refused.",
    killedBy: ["REQ-31"],
    call: editBody(({ stop }) => (typeof stop === "string" ? refuse(400, { param: "stop" }) : undefined)),
  },
  {
    id: "old-limit-ignored",
    what: "The deprecated `max_tokens` is ignored (LangChain still sends it).",
    killedBy: ["REQ-32", "REQ-50", "LIM-06"],
    call: editBody((body) => without(body, "max_tokens")),
  },
  {
    id: "new-limit-ignored",
    what: "`max_completion_tokens` is unknown and ignored.",
    killedBy: ["REQ-32", "REQ-33", "REQ-50"],
    call: editBody((body) => without(body, "max_completion_tokens")),
  },
  {
    id: "old-limit-wins",
    what: "Of both limits the deprecated one counts.",
    killedBy: ["REQ-33"],
    call: editBody((body) => ("max_tokens" in body ? without(body, "max_completion_tokens") : undefined)),
  },
  {
    id: "stream-options-ignored",
    what: "`stream_options` without a stream is ignored.",
    killedBy: ["REQ-43"],
    call: editBody((body) => (body["stream"] === true ? undefined : without(body, "stream_options"))),
  },
  {
    id: "stream-options-required",
    what: "`stream_options` that is null or has no `include_usage` is refused.",
    killedBy: ["REQ-44", "REQ-22"],
    call: editBody((body) => {
      const { stream_options: options } = body;
      const isFull = isObject(options) && "include_usage" in options;
      return "stream_options" in body && !isFull ? refuse(400, { param: "stream_options" }) : undefined;
    }),
  },
  {
    id: "logit-bias-unread",
    what: "`logit_bias` is not looked at.",
    killedBy: ["REQ-45"],
    call: editBody((body) => without(body, "logit_bias")),
  },
  {
    id: "logit-bias-by-word",
    what: "A negative `logit_bias` is refused.",
    killedBy: ["REQ-45"],
    call: editBody(({ logit_bias: bias }) =>
      isObject(bias) && Object.values(bias).some((one) => Number(one) < 0)
        ? refuse(400, { param: "logit_bias" })
        : undefined,
    ),
  },
  {
    id: "metadata-unread",
    what: "`metadata` takes anything in any number.",
    killedBy: ["REQ-46"],
    call: editBody((body) => without(body, "metadata")),
  },
  {
    id: "metadata-too-short",
    what: "Values of `metadata` may have 256 characters only.",
    killedBy: ["REQ-46"],
    call: editBody(({ metadata }) =>
      isObject(metadata) && Object.values(metadata).some((one) => String(one).length > 256)
        ? refuse(400, { param: "metadata" })
        : undefined,
    ),
  },
  {
    id: "identifiers-unread",
    what: "`user`, `safety_identifier` and `prompt_cache_key` may be anything.",
    killedBy: ["REQ-47"],
    call: editBody((body) => without(body, "user", "safety_identifier", "prompt_cache_key")),
  },
]);
