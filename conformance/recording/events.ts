import { toCame, toSent } from "./bytes.ts";
import { createDisguise, type Disguise, type Hidden } from "./disguise.ts";
import type { RecordedEvent } from "./format.ts";
import type { Heard } from "./heard.ts";
import { acceptMark, toAccept, withoutVariable } from "./variable.ts";

/** What is hidden in a recording, and what is not. */
export interface Secrecy {
  readonly secrets: readonly string[];
  readonly plain: readonly string[];
}

/** What happened on a connection as it is written: without secrets. It is gone through several times and never whole in the memory. */
export function* toEvents(heard: Heard, { secrets, plain }: Secrecy): Generator<RecordedEvent> {
  const accept = toAccept(readFirst(heard));
  const whole = accept === undefined ? {} : { [accept]: acceptMark };
  const disguise = createDisguise(secrets, { plain, whole });
  const sent = hidePieces(heard.pieces("sent"), disguise, withoutVariable);
  const came = hidePieces(heard.pieces("came"), disguise);
  for (const note of heard.notes) {
    const { at } = note;
    if (!("way" in note)) yield note;
    else if (note.way === "sent") yield { at, ...toSent(...next(sent)) };
    else yield { at, ...toCame(next(came)[0]) };
  }
}

type Piece = [bytes: string, hidden: Hidden[]];

function next(pieces: Generator<Piece, void>): Piece {
  const { value } = pieces.next();
  if (value === undefined) throw new Error("there are fewer pieces than happened");
  return value;
}

/** What was sent first, where a handshake is. */
function readFirst(heard: Heard): string {
  for (const first of heard.pieces("sent")) return first;
  return "";
}

/** A secret may begin in one piece and end in the next: the pieces are cut again from the whole. */
function* hidePieces(
  pieces: Iterable<string>,
  disguise: Disguise,
  change: (bytes: string) => string = (bytes) => bytes,
): Generator<Piece, void> {
  const hiding = disguise.begin();
  const lengths: number[] = [];
  const places: Hidden[] = [];
  hiding.onHidden = (place) => places.push(place);
  let [done, at] = ["", 0];
  function* cut(): Generator<Piece, void> {
    while (lengths[0] !== undefined && done.length >= lengths[0]) {
      const length = lengths.shift() ?? 0;
      yield [done.slice(0, length), takePlaces(places, at, at + length)];
      done = done.slice(length);
      at += length;
    }
  }
  for (const original of pieces) {
    const piece = change(original);
    lengths.push(piece.length);
    done += hiding.take(piece);
    yield* cut();
  }
  done += hiding.end();
  yield* cut();
}

/** Those within these bounds, counted from there; one that goes on behind them is left for the next piece as well. */
function takePlaces(places: Hidden[], from: number, to: number): Hidden[] {
  const within = places.filter(([at]) => at < to);
  places.splice(0, within.length, ...within.filter(([at, length]) => at + length > to));
  return within.map(([at, length]): Hidden => {
    const begin = Math.max(at, from);
    return [begin - from, Math.min(at + length, to) - begin];
  });
}
