import { isObject, show } from "../expect.ts";
import { type Breach, firstBreach, inChunk, ofChoice, type View } from "./grammar-view.ts";

/** SDK 7 refuses an index from here on. */
const callsMax = 128;

interface CallDelta {
  readonly at: number;
  readonly call: Readonly<Record<string, unknown>>;
}

function toCallDeltas(view: View, choice: number): CallDelta[] {
  return ofChoice(view, choice).flatMap(({ at, delta: { tool_calls: calls } }) =>
    Array.isArray(calls) ? calls.filter(isObject).map((call) => ({ at, call })) : [],
  );
}

/** The deltas of each call, in the order in which the calls began. */
function toCalls(deltas: readonly CallDelta[]): CallDelta[][] {
  return [...Map.groupBy(deltas, ({ call }) => call["index"]).values()];
}

function inEveryChoice(view: View, check: (deltas: readonly CallDelta[]) => Breach): Breach {
  return firstBreach(view.indexes, (index) => check(toCallDeltas(view, index)));
}

export function checkToolIndex(view: View): Breach {
  return inEveryChoice(view, (deltas) =>
    firstBreach(toCalls(deltas).entries(), ([place, [first]]) =>
      first?.call["index"] === place && place < callsMax
        ? undefined
        : [
            `tool calls with the indexes 0, 1, 2 … without a hole, here ${place}`,
            inChunk(first?.at ?? 0, "tool_calls[].index", first?.call["index"]),
          ],
    ),
  );
}

/** Whoever reads the first delta of a call knows everything but its arguments. */
export function checkToolFirst(view: View): Breach {
  return inEveryChoice(view, (deltas) =>
    firstBreach(toCalls(deltas), ([first]) => {
      if (first === undefined) return undefined;
      const { id, type } = first.call;
      const body = type === "custom" ? first.call["custom"] : first.call["function"];
      const isWhole =
        isText(id) && (type === "function" || type === "custom") && isObject(body) && isText(body["name"]);
      return isWhole
        ? undefined
        : ["`id`, `type` and the name in the first delta of a tool call", inChunk(first.at, "it as", first.call)];
    }),
  );
}

/** Sent again as null, empty or different, they overwrite what was there or break strict tools. */
export function checkToolRest(view: View): Breach {
  return inEveryChoice(view, (deltas) =>
    firstBreach(toCalls(deltas), ([first, ...rest]) => {
      const known = toIdentity(first?.call);
      return firstBreach(rest, ({ at, call }) => {
        const changed = Object.entries(toIdentity(call)).find(([name, value]) => value !== known[name]);
        return changed === undefined
          ? undefined
          : [
              `a later delta of a tool call to leave its ${changed[0]} out`,
              inChunk(at, `${changed[0]} again:`, changed[1]),
            ];
      });
    }),
  );
}

export function checkToolOrder(view: View): Breach {
  return inEveryChoice(view, (deltas) => {
    const ended = new Set<unknown>();
    let current: unknown;
    return firstBreach(deltas, ({ at, call: { index } }) => {
      if (index !== current) ended.add(current);
      current = index;
      return ended.has(index)
        ? ["each tool call to be whole before the next one begins", `chunk ${at} goes on with call ${show(index)}`]
        : undefined;
    });
  });
}

/** `id`, `type` and the name, those that are there. */
function toIdentity(call: CallDelta["call"] = {}): Record<string, unknown> {
  const identity: Record<string, unknown> = {};
  for (const name of ["id", "type"]) if (Object.hasOwn(call, name)) identity[name] = call[name];
  for (const name of ["function", "custom"]) {
    const body = call[name];
    if (isObject(body) && Object.hasOwn(body, "name")) identity["name"] = body["name"];
  }
  return identity;
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "";
}
