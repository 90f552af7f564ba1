import { setImmediate } from "node:timers/promises";
import type { CaseContext } from "../context.ts";
import type { WireAnswer } from "../lens/wire.ts";

/** What the SDK reads when the body of an answer comes in these pieces. Throws what the SDK throws. */
export async function replay(
  { sdk, say, signal }: CaseContext,
  { status, headers }: WireAnswer,
  pieces: readonly Uint8Array[],
): Promise<unknown[]> {
  const body = (): ReadableStream<Uint8Array> =>
    new ReadableStream({
      start(controller) {
        for (const piece of pieces) controller.enqueue(piece);
        controller.close();
      },
    });
  // A replay waits for nothing: without this no other case would see its own answers in time.
  await setImmediate();
  const type = headers["content-type"] ?? "";
  const client = sdk.create({
    fetch: () => Promise.resolve(new Response(body(), { status, headers: { "content-type": type } })),
  });
  const stream = await client.chat.completions.create({ ...say("replayed"), stream: true }, { signal });
  return Array.fromAsync<unknown>(stream);
}

/**
 * Where to cut: everywhere, or in a long body at `max` places: those beside line ends and inside characters, where
 * decoders go wrong, before the others.
 */
export function toCuts(bytes: Uint8Array, max: number): number[] {
  const all = Array.from({ length: Math.max(0, bytes.length - 1) }, (_, place) => place + 1);
  if (all.length <= max) return all;
  const [tricky, others] = [all.filter((at) => isTricky(bytes, at)), all.filter((at) => !isTricky(bytes, at))];
  const chosen = thin(tricky, Math.ceil(max * 0.8));
  return [...chosen, ...thin(others, max - chosen.length)].toSorted((a, b) => a - b);
}

function isTricky(bytes: Uint8Array, at: number): boolean {
  const isLineEnd = [bytes[at - 1], bytes[at]].some((byte) => byte === 0x0a || byte === 0x0d);
  return isLineEnd || ((bytes[at] ?? 0) & 0xc0) === 0x80;
}

/** At most `max` of them, evenly spread. */
function thin(places: readonly number[], max: number): number[] {
  const step = places.length / Math.max(1, max);
  return step <= 1
    ? [...places]
    : places.filter((_, place) => Math.floor(place / step) !== Math.floor((place - 1) / step));
}
