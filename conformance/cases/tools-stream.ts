import { defineCases } from "../case.ts";
import { expectEqual, expectText, expectThat } from "../expect.ts";
import { eachDelta, isFinish, without } from "../self-test/edit.ts";
import { changePieces, toArguments, toChunkPieces, toName, type Tree } from "../self-test/edits/tools.ts";
import type { Change, Chunk, ProxiedCall } from "../self-test/mutant.ts";
import { toCalls, toFunction } from "./sdk-answer.ts";
import {
  askCalls,
  askCallStream,
  type CallPiece,
  scripted,
  toFunctionPart,
  toGroups,
  toJoined,
  toPieces,
} from "./tools-calls.ts";

const toolCallsMax = 128;

/** How tool calls come in a stream. */
export const toolStreamCases = defineCases([
  {
    id: "TOOL-08",
    level: "MUST",
    requirement: "The first delta of each tool call has `index`, `id`, `type` and `function.name`.",
    source:
      "OpenAI's document: ChatCompletionMessageToolCallChunk (index required); what `.stream()` needs of it in SDK 4 to 7; openai/openai-python#2806, EricLBuehler/mistral.rs#1507, vercel/ai#15879",
    needs: ["tools"],
    finds: ["stream-answered-whole", "call-delta-without-id", "call-delta-without-type"],
    faults: [
      {
        id: "call-delta-without-index",
        what: "Deltas of tool calls have no index: a TypeError, or no calls in silence, openai/openai-python#2806.",
        chunk: changePieces((piece) => without(piece, "index")),
      },
      {
        id: "call-delta-without-name",
        what: "The first delta of a call has no name: EricLBuehler/mistral.rs#1507.",
        chunk: changePieces((piece) => ({ ...piece, function: without(piece["function"] as Tree, "name") })),
      },
    ],
    async run(context) {
      for (const { pieces } of toGroups(toPieces(await askCallStream(context)))) {
        const [first] = pieces;
        expectThat(Number.isInteger(first?.["index"]), "an integer index in the first delta of a call", first);
        expectText(first?.["id"], "the id in the first delta of a call");
        expectThat(first["type"] === "function", "type function in the first delta of a call", first);
        expectText(toFunctionPart(first)["name"], "function.name in the first delta of a call");
      }
    },
  },
  {
    id: "TOOL-09",
    level: "MUST",
    requirement: "`index` of tool call deltas is an integer that counts the calls from 0 without holes, below 128.",
    source:
      "OpenAI's document: ChatCompletionMessageToolCallChunk.index; without it SDK 7 throws and 4 to 6 return no calls in silence, counted from 1 all throw; openai/openai-python#3246, AstrBotDevs/AstrBot#6692",
    needs: ["tools"],
    finds: ["call-delta-without-index"],
    faults: [
      {
        id: "call-delta-index-in-first-only",
        what: "Only the first delta of a call has the index.",
        chunk: changePieces((piece) => ("id" in piece ? piece : without(piece, "index"))),
      },
      {
        id: "call-delta-index-from-one",
        what: "The calls are counted from 1.",
        chunk: changePieces((piece) => ({ ...piece, index: Number(piece["index"]) + 1 })),
      },
    ],
    async run(context) {
      const pieces = toPieces(await askCallStream(context));
      for (const piece of pieces)
        expectThat(Number.isInteger(piece["index"]), "an integer index in every tool call delta", piece);
      const indices = [...new Set(pieces.map(({ index }) => Number(index)))];
      expectEqual(indices, [...indices.keys()], "the indices of the calls, in order of appearance,");
      expectThat(indices.length <= toolCallsMax, `indices below ${toolCallsMax}`, indices.length);
    },
  },
  {
    id: "TOOL-10",
    level: "MUST",
    requirement: "Two calls in one answer have two indices.",
    source:
      "The SDK and LangChain join the arguments of what has one index; NousResearch/hermes-agent#62937, microsoft/autogen#7549, huggingface/smolagents#1958, ai-dynamo/dynamo#4723",
    needs: ["tools", "fixture"],
    finds: ["call-delta-without-index"],
    faults: [
      {
        id: "call-delta-index-constant",
        what: "Two calls have one index: their arguments are joined, NousResearch/hermes-agent#62937.",
        chunk: changePieces((piece) => ({ ...piece, index: 0 })),
      },
    ],
    async run(context) {
      const pieces = toPieces(await askCallStream(context));
      const indices = new Set(pieces.map(({ index }) => index));
      expectThat(indices.size === scripted.length, "two calls with two indices", pieces);
    },
  },
  {
    id: "TOOL-11",
    level: "MUST",
    requirement:
      "Later deltas of a call carry only `index` and a piece of `function.arguments`; `id`, `type` and `function.name` are left out, not null and not empty.",
    source:
      'SDK 7 throws "changed tool call identity" for strict tools otherwise, LangChain joins repeated names; openai/codex#7517, vercel/ai#18440',
    needs: ["tools"],
    faults: [
      {
        id: "call-delta-id-null-later",
        what: "Later deltas have `id: null`, which overwrites the first: openai/codex#7517.",
        chunk: changePieces((piece) => ({ id: null, ...piece })),
      },
      {
        id: "call-delta-id-empty-later",
        what: "Later deltas have an empty id and type.",
        chunk: changePieces((piece) => ({ id: "", type: "", ...piece })),
      },
      {
        id: "call-delta-name-repeated",
        what: "Every delta has the name, which LangChain joins.",
        chunk: repeatName(),
      },
      {
        id: "call-delta-name-in-pieces",
        what: "The name comes in two deltas, of which the SDK keeps the last.",
        chunk: (chunk) => {
          const name = toName(chunk);
          if (name === undefined) return chunk;
          const index = toChunkPieces(chunk)[0]?.["index"];
          return [
            changePieces((piece) => ({ ...piece, function: { name: name.slice(0, 3), arguments: "" } }))(chunk),
            eachDelta(chunk, () => ({ tool_calls: [{ index, function: { name: name.slice(3), arguments: "" } }] })),
          ];
        },
      },
    ],
    async run(context) {
      const later = toContinuations(toPieces(await askCallStream(context)));
      for (const piece of later) {
        for (const key of ["id", "type"]) {
          const isEmpty = Object.hasOwn(piece, key) && (piece[key] === null || piece[key] === "");
          expectThat(!isEmpty, `no empty ${key} in a later delta of a call`, piece);
        }
        expectThat(!Object.hasOwn(toFunctionPart(piece), "name"), "no function.name in a later delta of a call", piece);
      }
      const repeated = ["id", "type"].filter((key) => later.some((piece) => Object.hasOwn(piece, key)));
      if (repeated.length > 0) context.note(`repeated in later deltas of a call: ${repeated.join(", ")}`);
    },
  },
  {
    id: "TOOL-12",
    level: "MUST",
    requirement: "A later delta of a call never brings another `id` or `type` than its first one.",
    source: "The SDK keeps the last id: the tool's result then answers a call that nobody made; openai/codex#7517",
    needs: ["tools"],
    finds: ["call-delta-index-constant"],
    faults: [
      {
        id: "call-delta-id-each",
        what: "Every delta of a call brings another id.",
        chunk: (chunk, index) => changePieces((piece) => ({ ...piece, id: `call_${index}`, type: "function" }))(chunk),
      },
    ],
    async run(context) {
      for (const { pieces } of toGroups(toPieces(await askCallStream(context)))) {
        const [first, ...later] = pieces;
        for (const piece of later)
          for (const key of ["id", "type"])
            expectThat(
              piece[key] === undefined || piece[key] === null || piece[key] === "" || piece[key] === first?.[key],
              `a later delta with the ${key} ${String(first?.[key])} or none`,
              piece,
            );
      }
    },
  },
  {
    id: "TOOL-13",
    level: "SHOULD",
    requirement: "The name of the function comes whole, in the first delta of the call.",
    source: "The SDK keeps only the last part of a name that comes in pieces, in every major",
    needs: ["tools"],
    finds: ["call-delta-index-constant", "call-delta-without-name", "call-delta-name-in-pieces"],
    async run(context) {
      const names: string[] = scripted.map(({ name }) => name);
      for (const group of toGroups(toPieces(await askCallStream(context)))) {
        const { name } = toJoined(group);
        expectThat(names.includes(String(name)), `one of the names ${names.join(", ")} in the first delta`, name);
        const parts = group.pieces.slice(1).map((piece) => toFunctionPart(piece)["name"]);
        expectThat(
          parts.every((part) => part === undefined || part === null || part === "" || part === name),
          "no further part of the name in a later delta",
          parts,
        );
      }
    },
  },
  {
    id: "TOOL-14",
    level: "MUST",
    requirement: "The deltas of one call come together: a call has ended when the next one begins.",
    source:
      "`.stream()` of the SDK reports a call as done when the index changes; interleaved calls are reported several times, and SDK 7 throws for strict tools",
    needs: ["tools", "fixture"],
    faults: [
      {
        id: "call-deltas-interleaved",
        what: "The deltas of two calls come in turn: calls are reported several times.",
        chunk: interleave(),
      },
    ],
    async run(context) {
      const indices = toPieces(await askCallStream(context)).map(({ index }) => index);
      const order = indices.filter((index, at) => index !== indices[at - 1]);
      expectThat(new Set(order).size === order.length, "the deltas of each call without another between them", order);
    },
  },
  {
    id: "TOOL-15",
    level: "MUST",
    requirement:
      "The same question gives the same tool calls in both modes, every character of the arguments included.",
    source: "A client may not get another answer because it streams; BerriAI/litellm#12862",
    needs: ["tools", "fixture"],
    finds: [
      "characters-cut",
      "call-delta-index-constant",
      "call-delta-without-name",
      "call-delta-name-in-pieces",
      "call-delta-arguments-object",
      "call-delta-last-lost",
      "call-arguments-object",
      "call-arguments-twice-encoded",
      "call-arguments-beyond-schema",
    ],
    faults: [
      {
        id: "call-delta-arguments-ascii",
        what: "Characters beyond ASCII are lost in streamed arguments.",
        chunk: changePieces((piece) => ({
          ...piece,
          function: { ...(piece["function"] as Tree), arguments: toArguments(piece).replaceAll(/[^\x20-\x7e]/g, "?") },
        })),
      },
    ],
    async run(context) {
      const calls = toCalls(await askCalls(context)).map(toFunction);
      const whole = calls.map(({ name, arguments: text }) => ({ name, arguments: text }));
      const streamed = toGroups(toPieces(await askCallStream(context))).map(toJoined);
      expectEqual(whole, scripted, "the calls of the JSON answer");
      expectEqual(streamed, scripted, "the calls of the stream");
    },
  },
]);

/** What comes after the first delta of each call. */
function toContinuations(pieces: readonly CallPiece[]): CallPiece[] {
  return toGroups(pieces).flatMap((group) => group.pieces.slice(1));
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
    if (toChunkPieces(chunk).length > 0) {
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
  return toChunkPieces(chunk)[0]?.["index"];
}
