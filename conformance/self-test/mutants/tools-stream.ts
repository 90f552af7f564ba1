import { eachChoice, eachDelta, eachToolCall, isFinish, toDeltas, without } from "../edit.ts";
import { type Change, type Chunk, defineMutants, type ProxiedCall } from "../mutant.ts";

type Tree = Readonly<Record<string, unknown>>;

/** Faults in how tool calls are streamed. */
export const toolStreamMutants = defineMutants([
  {
    id: "call-stream-finish-stop",
    what: "A stream of tool calls ends with `stop`: BerriAI/litellm#12862.",
    chunk: (chunk) => (isFinish(chunk) ? eachChoice(chunk, (choice) => ({ ...choice, finish_reason: "stop" })) : chunk),
    killedBy: ["TOOL-02", "TOOL-23", "SO-06"],
  },
  {
    id: "call-delta-without-index",
    what: "Deltas of tool calls have no index: a TypeError, or no calls in silence, openai/openai-python#2806.",
    chunk: changePieces((piece) => without(piece, "index")),
    killedBy: ["TOOL-08", "TOOL-09", "TOOL-10", "SDK-09", "TOOL-17", "SDK-12"],
  },
  {
    id: "call-delta-index-in-first-only",
    what: "Only the first delta of a call has the index.",
    chunk: changePieces((piece) => ("id" in piece ? piece : without(piece, "index"))),
    killedBy: ["TOOL-09", "SDK-09", "TOOL-17"],
  },
  {
    id: "call-delta-index-constant",
    what: "Two calls have one index: their arguments are joined, NousResearch/hermes-agent#62937.",
    chunk: changePieces((piece) => ({ ...piece, index: 0 })),
    killedBy: ["TOOL-10", "TOOL-12", "TOOL-13", "TOOL-15", "SDK-09"],
  },
  {
    id: "call-delta-index-from-one",
    what: "The calls are counted from 1.",
    chunk: changePieces((piece) => ({ ...piece, index: Number(piece["index"]) + 1 })),
    killedBy: ["TOOL-09", "TOOL-17", "SDK-09"],
  },
  {
    id: "call-delta-without-id",
    what: "The first delta of a call has no id: microsoft/autogen#5509.",
    chunk: changePieces((piece) => without(piece, "id")),
    killedBy: ["TOOL-03", "TOOL-08"],
  },
  {
    id: "call-delta-without-type",
    what: "The first delta of a call has no type: vercel/ai#12901.",
    chunk: changePieces((piece) => without(piece, "type")),
    killedBy: ["TOOL-04", "TOOL-08", "SDK-09", "TOOL-17"],
  },
  {
    id: "call-delta-without-name",
    what: "The first delta of a call has no name: EricLBuehler/mistral.rs#1507.",
    chunk: changePieces((piece) => ({ ...piece, function: without(piece["function"] as Tree, "name") })),
    killedBy: ["TOOL-08", "TOOL-13", "TOOL-15", "TOOL-17"],
  },
  {
    id: "call-delta-id-null-later",
    what: "Later deltas have `id: null`, which overwrites the first: openai/codex#7517.",
    chunk: changePieces((piece) => ({ id: null, ...piece })),
    killedBy: ["TOOL-11"],
  },
  {
    id: "call-delta-id-empty-later",
    what: "Later deltas have an empty id and type.",
    chunk: changePieces((piece) => ({ id: "", type: "", ...piece })),
    killedBy: ["TOOL-11"],
  },
  {
    id: "call-delta-name-repeated",
    what: "Every delta has the name, which LangChain joins.",
    chunk: repeatName(),
    killedBy: ["TOOL-11"],
  },
  {
    id: "call-delta-id-each",
    what: "Every delta of a call brings another id.",
    chunk: (chunk, index) => changePieces((piece) => ({ ...piece, id: `call_${index}`, type: "function" }))(chunk),
    killedBy: ["TOOL-12"],
  },
  {
    id: "call-delta-name-in-pieces",
    what: "The name comes in two deltas, of which the SDK keeps the last.",
    chunk: (chunk) => {
      const name = toName(chunk);
      if (name === undefined) return chunk;
      const index = toPieces(chunk)[0]?.["index"];
      return [
        changePieces((piece) => ({ ...piece, function: { name: name.slice(0, 3), arguments: "" } }))(chunk),
        eachDelta(chunk, () => ({ tool_calls: [{ index, function: { name: name.slice(3), arguments: "" } }] })),
      ];
    },
    killedBy: ["TOOL-11", "TOOL-13", "TOOL-15", "TOOL-17", "SDK-09"],
  },
  {
    id: "call-deltas-interleaved",
    what: "The deltas of two calls come in turn: calls are reported several times.",
    chunk: interleave(),
    killedBy: ["TOOL-14", "SDK-09"],
  },
  {
    id: "call-delta-arguments-object",
    what: "The arguments of a delta are an object: huggingface/text-generation-inference#2136.",
    chunk: changePieces((piece) => ({ ...piece, function: { ...(piece["function"] as Tree), arguments: {} } })),
    killedBy: ["TOOL-05", "TOOL-06", "TOOL-15", "TOOL-17"],
  },
  {
    id: "call-delta-arguments-null-first",
    what: "The first delta of a call has `arguments: null`.",
    chunk: changePieces((piece) =>
      "id" in piece ? { ...piece, function: { ...(piece["function"] as Tree), arguments: null } } : piece,
    ),
    killedBy: ["TOOL-05"],
  },
  {
    id: "call-delta-arguments-empty",
    what: "A streamed call without arguments stays empty: OpenRouterTeam/ai-sdk-provider#287.",
    chunk: (chunk, _index, call) =>
      isPing(call) && toPieces(chunk).length > 0 && toName(chunk) === undefined ? undefined : chunk,
    killedBy: ["TOOL-06"],
  },
  {
    id: "call-delta-last-lost",
    what: "The closing brace of the arguments is lost.",
    chunk: (chunk) => (toPieces(chunk).some((piece) => toArguments(piece) === "}") ? undefined : chunk),
    killedBy: ["TOOL-05", "TOOL-15"],
  },
  {
    id: "call-delta-arguments-ascii",
    what: "Characters beyond ASCII are lost in streamed arguments.",
    chunk: changePieces((piece) => ({
      ...piece,
      function: { ...(piece["function"] as Tree), arguments: toArguments(piece).replaceAll(/[^\x20-\x7e]/g, "?") },
    })),
    killedBy: ["TOOL-15", "SDK-09"],
  },
  {
    id: "call-delta-custom-input-as-arguments",
    what: "The input of a custom tool is streamed as a function's arguments.",
    chunk: changePieces((piece) =>
      "custom" in piece
        ? { ...without(piece, "custom"), function: { arguments: (piece["custom"] as Tree)["input"] } }
        : piece,
    ),
    killedBy: ["TOOL-21"],
  },
]);

function changePieces(edit: (piece: Tree) => unknown): (chunk: Chunk) => Chunk {
  return (chunk) => eachDelta(chunk, (delta) => eachToolCall(delta, edit));
}

function toPieces(chunk: Chunk): Tree[] {
  return toDeltas(chunk).flatMap(({ tool_calls: calls }) => (Array.isArray(calls) ? (calls as Tree[]) : []));
}

function toArguments(piece: Tree): string {
  return String((piece["function"] as Tree | undefined)?.["arguments"]);
}

/** The name that the chunk brings, if it begins a call. */
function toName(chunk: Chunk): string | undefined {
  const name = (toPieces(chunk)[0]?.["function"] as Tree | undefined)?.["name"];
  return typeof name === "string" ? name : undefined;
}

function isPing({ body }: ProxiedCall): boolean {
  return JSON.stringify(body?.["messages"]).includes("@@tool ping");
}

function repeatName(): NonNullable<Change["chunk"]> {
  const names = new WeakMap<ProxiedCall, string>();
  return (chunk, _index, call) => {
    const name = toName(chunk) ?? names.get(call);
    if (name !== undefined) names.set(call, name);
    return changePieces((piece) => ({ ...piece, function: { name, ...(piece["function"] as Tree) } }))(chunk);
  };
}

/** Keeps all deltas of calls until the end, and then sends them in turn, one of each call. */
function interleave(): NonNullable<Change["chunk"]> {
  const kept = new WeakMap<ProxiedCall, Chunk[]>();
  return (chunk, _index, call) => {
    const held = kept.get(call) ?? [];
    if (toPieces(chunk).length > 0) {
      kept.set(call, [...held, chunk]);
      return undefined;
    }
    if (!isFinish(chunk)) return chunk;
    const ranks = held.map((one, at) => held.slice(0, at).filter((other) => toIndex(other) === toIndex(one)).length);
    const order = held.map((one, at) => ({ one, rank: ranks[at] ?? 0 })).toSorted((a, b) => a.rank - b.rank);
    return [...order.map(({ one }) => one), chunk];
  };
}

function toIndex(chunk: Chunk): unknown {
  return toPieces(chunk)[0]?.["index"];
}
