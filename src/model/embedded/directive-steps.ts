import { splitWord, toCount, toMs, toOptions, toText, type DirectiveLine } from "./directive-line.ts";
import {
  failureCodes,
  type ScriptedCall,
  type ScriptedFailure,
  type ScriptedUsage,
  type Step,
} from "./scenario-step.ts";

export const deltasMax = 1_000_000;
const bytesMax = 16_777_216;

export function toJsonStep(value: unknown): Step {
  return { text: JSON.stringify(value) };
}

export function countLines(text: string): number {
  let lines = 1;
  for (let at = text.indexOf("\n"); at >= 0; at = text.indexOf("\n", at + 1)) lines += 1;
  return lines;
}

export function toWordsStep(line: DirectiveLine): Step[] {
  const [count, rest] = splitWord(line.argument);
  const { delay = "0" } = toOptions(line, rest, ["delay"]);
  return [{ words: { count: toCount(line, count, deltasMax), delayMs: toMs(line, delay) } }];
}

export function toRepeatStep(line: DirectiveLine): Step[] {
  const [bytes, text] = splitWord(line.argument);
  return [{ repeat: { bytes: toCount(line, bytes, bytesMax), text: toText(line, text) || "x" } }];
}

export function toCall(line: DirectiveLine, kind: "function" | "custom"): ScriptedCall {
  const [name, rest] = splitWord(line.argument);
  if (name === "") throw line.error("the name of the tool is missing");
  const text = toText(line, rest);
  return { name, kind, arguments: rest === "" && kind === "function" ? "{}" : text };
}

export function toFailure(line: DirectiveLine): ScriptedFailure {
  const options = toOptions(line, line.argument, ["code", "after", "retry-after", "message"]);
  const code = failureCodes.find((one) => one === (options.code ?? "upstream_error"));
  if (code === undefined) throw line.error(`the code is none of ${failureCodes.join(", ")}`);
  const retryAfter = options["retry-after"];
  return {
    code,
    afterDeltas: toCount(line, options.after ?? "0", deltasMax),
    ...(retryAfter === undefined ? {} : { retryAfterSeconds: Math.max(1, toCount(line, retryAfter, 60)) }),
    ...(options.message === undefined ? {} : { message: options.message }),
  };
}

export function toScriptedUsage(line: DirectiveLine): ScriptedUsage {
  const options = toOptions(line, line.argument, ["prompt", "completion", "cached", "reasoning"]);
  const tokens = Object.entries(options).map(([key, text]) => [`${key}Tokens`, toCount(line, text, 100_000_000)]);
  // The four options are the four fields, each without its unit.
  return Object.fromEntries(tokens) as ScriptedUsage;
}
