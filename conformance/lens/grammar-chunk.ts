import { isObject, show } from "../expect.ts";
import { type Breach, firstBreach, inChunk, type View } from "./grammar-view.ts";

/** A key with the same value in every chunk, the usage chunk included. */
function checkSame(name: string, kind: string, isRight: (value: unknown) => boolean) {
  return ({ chunks }: View): Breach => {
    const wrong = firstBreach(chunks, ({ at, chunk }) =>
      isRight(chunk[name]) ? undefined : [`\`${name}\` to be ${kind} in every chunk`, inChunk(at, name, chunk[name])],
    );
    if (wrong !== undefined) return wrong;
    const first = chunks[0]?.chunk[name];
    return firstBreach(chunks, ({ at, chunk }) =>
      chunk[name] === first
        ? undefined
        : [`\`${name}\` to be ${show(first)} in every chunk, as in the first`, inChunk(at, name, chunk[name])],
    );
  };
}

const isText = (value: unknown): boolean => typeof value === "string" && value !== "";
/** Years 2001 to 2286: milliseconds and fractions are not seconds. */
const isSeconds = (value: unknown): boolean => Number.isInteger(value) && Number(value) > 1e9 && Number(value) < 1e10;

export const checkObject = checkSame("object", "`chat.completion.chunk`", (value) => value === "chat.completion.chunk");
export const checkId = checkSame("id", "a non-empty string", isText);
export const checkModel = checkSame("model", "a non-empty string", isText);
export const checkCreated = checkSame("created", "whole seconds since 1970", isSeconds);

export function checkChoices({ chunks }: View): Breach {
  return firstBreach(chunks, ({ at, chunk: { choices } }) =>
    Array.isArray(choices) && choices.every(isObject)
      ? undefined
      : ["`choices` to be an array of objects in every chunk", inChunk(at, "choices", choices)],
  );
}

/** The last chunk carries the usage and no choice, if it was asked for. */
export function checkUsageLast({ chunks, asked }: View): Breach {
  if (!asked.usage) return undefined;
  const last = chunks.at(-1);
  const { choices, usage } = last?.chunk ?? {};
  if (Array.isArray(choices) && choices.length === 0 && isObject(usage)) return undefined;
  return ["the last chunk to have `choices: []` and the usage, since `include_usage` was set", show(last?.chunk)];
}

/** Nobody who did not ask for the usage is prepared for a chunk without a choice. */
export function checkUsageUnasked({ chunks, asked }: View): Breach {
  if (asked.usage) return undefined;
  return firstBreach(chunks, ({ at, chunk: { choices, usage } }) => {
    if (usage !== undefined && usage !== null) return ["no usage without `include_usage`", inChunk(at, "usage", usage)];
    return Array.isArray(choices) && choices.length === 0
      ? ["no chunk with empty `choices` without `include_usage`", inChunk(at, "choices", choices)]
      : undefined;
  });
}

export function checkUsageOnce({ chunks, asked }: View): Breach {
  const given = chunks.filter(({ chunk: { usage } }) => usage !== undefined && usage !== null);
  if (!asked.usage || given.length <= 1) return undefined;
  return ["the usage in one chunk", `it is in ${given.length}: ${given.map(({ at }) => at).join(", ")}`.slice(0, 200)];
}

export function checkUsageNull({ chunks, asked }: View): Breach {
  if (!asked.usage) return undefined;
  return firstBreach(chunks.slice(0, -1), ({ at, chunk: { usage } }) =>
    usage === null ? undefined : ["`usage: null` in every chunk before the last", inChunk(at, "usage", usage)],
  );
}
