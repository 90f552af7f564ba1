import { show } from "../expect.ts";
import type { Breach, View } from "./grammar-view.ts";

const doneLine = /(?:^|\r\n|\n|\r)data: ?\[DONE\](?:\r\n|\n|\r|$)/;

/** Every event is a JSON object or `[DONE]`, and none is empty. */
export function checkPayload({ reading: { oddData, sse } }: View): Breach {
  const [odd] = oddData;
  if (odd !== undefined) return ["every event to be a JSON object, and the last one [DONE]", `data ${show(odd)}`];
  if (sse.emptyBlocks > 0) return ["every event to have data", `${sse.emptyBlocks} without`];
  return undefined;
}

export function checkError({ reading: { error } }: View): Breach {
  return error === undefined ? undefined : ["no chunk with an error", `error ${show(error)}`];
}

/** `data: [DONE]`, to the letter, and the empty line that ends an event. */
export function checkDone({ reading }: View): Breach {
  if (reading.doneCount > 0) return undefined;
  const { text, end } = reading.answer;
  const how = end === "complete" ? "" : `, and the body was ${end === "cut" ? "cut off" : `not at its end (${end})`}`;
  return [
    "the stream to end with the line `data: [DONE]` and an empty line",
    `its last characters are ${show(text.slice(-40))}${how}`,
  ];
}

/** One `[DONE]`, with nothing behind it; a comment is nothing. */
export function checkDoneLast({ reading: { answer, doneCount } }: View): Breach {
  const found = doneLine.exec(answer.text);
  if (found === null) return undefined;
  const behind = answer.text.slice(found.index + found[0].length).split(/\r\n|\n|\r/);
  const surplus = behind.filter((line) => line !== "" && !line.startsWith(":"));
  if (surplus.length === 0) return undefined;
  return [
    "nothing after [DONE]",
    doneCount > 1 ? `${doneCount} times [DONE]` : `${show(surplus.join("\n"))} after [DONE]`,
  ];
}
