import type { CaseContext } from "../context.ts";
import { expectThat, isObject } from "../expect.ts";
import { type StreamReading, toDeltas } from "../lens/stream.ts";
import type { WireAnswer } from "../lens/wire.ts";
import { expectStream, toCalls } from "./sdk-answer.ts";

export const weather = toTool("get_weather", "The weather in a city.", { city: { type: "string" } });
export const time = toTool("get_time", "The time in a time zone.", { zone: { type: "string" } });
/** A tool without parameters. */
export const ping = toTool("ping", "Checks that the station answers. It takes no arguments.", {});

export function toTool(name: string, description: string, properties: Record<string, object>) {
  return {
    type: "function" as const,
    function: {
      name,
      description,
      strict: true,
      parameters: {
        type: "object",
        properties,
        required: Object.keys(properties),
        additionalProperties: false,
      },
    },
  };
}

/** `tool_choice` for one function. */
export function force(name: string) {
  return { type: "function" as const, function: { name } };
}

/** What the two scripted calls are; the text shows whether bytes, quotes and escapes survive. */
export const scripted = [
  { name: "get_weather", arguments: '{"city":"Troms\u00f8 \\"north\\" \\\\ \u{1F9CA}"}' },
  { name: "get_time", arguments: '{"zone":"Europe/Oslo"}' },
] as const;

/** Two calls where the fixture can be told to make them, else one that is forced. */
export function toCallBody(context: CaseContext): object {
  if (!context.has("fixture"))
    return context.say("What is the weather in Oslo?", { tools: [weather], tool_choice: force("get_weather") });
  const lines = scripted.map(({ name, arguments: text }) => `@@tool ${name} ${text}`);
  return context.say(lines.join("\n"), { tools: [weather, time] });
}

/** An answer with calls, asked once for all cases that only look at it. */
export async function askCalls(context: CaseContext): Promise<WireAnswer> {
  const answer = await context.once("calls", () => context.chat(toCallBody(context)));
  expectThat(toCalls(answer).length > 0, "an answer with tool calls", answer.text.slice(0, 300));
  return answer;
}

/** The same streamed. */
export async function askCallStream(context: CaseContext): Promise<StreamReading> {
  const reading = await context.once("call stream", () => context.stream(toCallBody(context)));
  expectStream(reading);
  expectThat(toPieces(reading).length > 0, "a stream with tool call deltas", reading.answer.text.slice(0, 300));
  return reading;
}

/** One entry of `delta.tool_calls`, as it came. */
export type CallPiece = Record<string, unknown>;

/** Every tool call delta of the first choice, in order. */
export function toPieces(reading: StreamReading): CallPiece[] {
  return toDeltas(reading).flatMap(({ tool_calls: pieces }) => (Array.isArray(pieces) ? pieces.filter(isObject) : []));
}

export interface CallGroup {
  readonly index: unknown;
  readonly pieces: readonly CallPiece[];
}

/** The pieces of each call, in order of appearance. A piece without an index goes by its id, else to the call before. */
export function toGroups(pieces: readonly CallPiece[]): CallGroup[] {
  const groups = new Map<unknown, CallPiece[]>();
  let last: unknown = 0;
  for (const piece of pieces) {
    const { index, id } = piece;
    last = Number.isInteger(index) ? index : typeof id === "string" && id !== "" ? id : last;
    groups.set(last, [...(groups.get(last) ?? []), piece]);
  }
  return [...groups.values()].map((group) => ({ index: group[0]?.["index"], pieces: group }));
}

export function toFunctionPart(piece: CallPiece | undefined): Record<string, unknown> {
  return piece !== undefined && isObject(piece["function"]) ? piece["function"] : {};
}

/** What the pieces of a call add up to. */
export function toJoined({ pieces }: CallGroup): { name: unknown; arguments: string } {
  const parts = pieces.map((piece) => toFunctionPart(piece)["arguments"]);
  return {
    name: toFunctionPart(pieces[0])["name"],
    arguments: parts.map((part) => (typeof part === "string" ? part : "")).join(""),
  };
}

/** Undefined if the text is not JSON. */
export function parseJson(text: unknown): unknown {
  try {
    return typeof text === "string" ? (JSON.parse(text) as unknown) : undefined;
  } catch {
    return undefined;
  }
}
