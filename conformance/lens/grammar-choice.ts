import { isObject, show } from "../expect.ts";
import { type Breach, firstBreach, hasSubstance, inChunk, isFinish, ofChoice, type View } from "./grammar-view.ts";

const finishReasons: readonly unknown[] = ["stop", "length", "tool_calls", "content_filter", "function_call"];

/** The indexes are those of the choices asked for, all of them and no other. */
export function checkIndex({ pieces, indexes, asked: { choices } }: View): Breach {
  const expected = choices === 1 ? "every choice to have index 0" : `the choices to be numbered 0 to ${choices - 1}`;
  const wrong = firstBreach(pieces, ({ at, choice: { index } }) =>
    Number.isInteger(index) && Number(index) >= 0 && Number(index) < choices
      ? undefined
      : [expected, inChunk(at, "index", index)],
  );
  if (wrong !== undefined) return wrong;
  const missing = indexes.find((index) => !pieces.some((piece) => piece.index === index));
  return missing === undefined ? undefined : [expected, `no chunk with choice ${missing}`];
}

export function checkDelta({ pieces }: View): Breach {
  return firstBreach(pieces, ({ at, choice: { delta } }) =>
    isObject(delta) ? undefined : ["`delta` to be an object in every choice", inChunk(at, "delta", delta)],
  );
}

export function checkText({ pieces }: View): Breach {
  return firstBreach(pieces, ({ at, delta: { content } }) =>
    content === undefined || content === null || typeof content === "string"
      ? undefined
      : ["`delta.content` to be a string or null", inChunk(at, "delta.content", content)],
  );
}

export function checkRoleFirst(view: View): Breach {
  return firstBreach(view.indexes, (index) => {
    const [first] = ofChoice(view, index);
    const expected = `\`delta.role: "assistant"\` in the first chunk of choice ${index}`;
    if (first === undefined) return [expected, "no such chunk"];
    return first.delta["role"] === "assistant"
      ? undefined
      : [expected, inChunk(first.at, "delta.role", first.delta["role"])];
  });
}

export function checkRoleOnce(view: View): Breach {
  return firstBreach(view.indexes, (index) => {
    const later = ofChoice(view, index)
      .slice(1)
      .find(({ delta }) => Object.hasOwn(delta, "role"));
    return later === undefined
      ? undefined
      : [
          `the role only in the first chunk of choice ${index}`,
          inChunk(later.at, "delta.role again:", later.delta["role"]),
        ];
  });
}

export function checkFinishKey({ pieces }: View): Breach {
  return firstBreach(pieces, ({ at, choice }) =>
    Object.hasOwn(choice, "finish_reason")
      ? undefined
      : ["the key `finish_reason` in every choice, null until the end", inChunk(at, "finish_reason", undefined)],
  );
}

export function checkFinishValue({ pieces }: View): Breach {
  return firstBreach(pieces, ({ at, choice: { finish_reason: reason } }) =>
    reason === undefined || reason === null || finishReasons.includes(reason)
      ? undefined
      : [`\`finish_reason\` to be null or one of ${finishReasons.join(", ")}`, inChunk(at, "finish_reason", reason)],
  );
}

export function checkFinishOnce(view: View): Breach {
  return firstBreach(view.indexes, (index) => {
    const finishes = ofChoice(view, index).filter(isFinish);
    if (finishes.length === 1) return undefined;
    const reasons = finishes.map(({ choice }) => choice["finish_reason"]);
    const actual = finishes.length === 0 ? "none" : `${finishes.length}: ${show(reasons)}`;
    return [`one chunk of choice ${index} with a finish reason`, actual];
  });
}

/** A reader that stops at the finish reason loses what comes with it. */
export function checkFinishEmpty({ pieces }: View): Breach {
  return firstBreach(pieces, (piece) =>
    isFinish(piece) && hasSubstance(piece.delta)
      ? ["an empty delta beside the finish reason", inChunk(piece.at, "delta", piece.delta)]
      : undefined,
  );
}

export function checkAfterFinish(view: View): Breach {
  return firstBreach(view.indexes, (index) => {
    const pieces = ofChoice(view, index);
    const end = pieces.findIndex(isFinish);
    const late = end === -1 ? undefined : pieces.slice(end + 1).find(({ delta }) => hasSubstance(delta));
    return late === undefined
      ? undefined
      : [
          `nothing said after the finish reason of choice ${index}, which is in chunk ${pieces[end]?.at}`,
          inChunk(late.at, "delta", late.delta),
        ];
  });
}
