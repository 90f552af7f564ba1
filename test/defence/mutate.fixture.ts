/** A source of numbers that a seed repeats (mulberry32): 0 to `below`, without it. */
export type Draw = (below: number) => number;

export function createDraw(seed: number): Draw {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return (((mixed ^ (mixed >>> 14)) >>> 0) % Math.max(below, 1)) >>> 0;
  };
}

const bytesMax = 100_000;

/** One to four changes: of bits, of pieces that move, double, vanish, and of words that mean something at this door. */
export function mutate(corpus: readonly Buffer[], words: readonly string[], draw: Draw): Buffer {
  const pick = (): Buffer => corpus[draw(corpus.length)] ?? Buffer.alloc(0);
  let input: Buffer = Buffer.from(pick());
  for (let left = 1 + draw(4); left > 0; left--) input = change(input, pick(), words, draw);
  return input.subarray(0, bytesMax);
}

function change(input: Buffer, other: Buffer, words: readonly string[], draw: Draw): Buffer {
  const at = draw(input.length + 1);
  const end = at + draw(Math.min(input.length - at, 64) + 1);
  const [head, piece, tail] = [input.subarray(0, at), input.subarray(at, end), input.subarray(end)];
  switch (draw(8)) {
    case 0: {
      const flipped = Buffer.from(input);
      if (at < flipped.length) flipped[at] = (flipped[at] ?? 0) ^ (1 << draw(8));
      return flipped;
    }
    case 1:
      return Buffer.concat([head, Buffer.from([draw(256)]), tail]);
    case 2:
      return Buffer.concat([head, tail]);
    case 3:
      return Buffer.concat([head, ...Array<Buffer>(2 + draw(200)).fill(piece), tail]);
    case 4:
    case 5:
      return Buffer.concat([
        head,
        Buffer.from(words[draw(words.length)] ?? "", "latin1"),
        draw(2) === 0 ? tail : piece,
        tail,
      ]);
    case 6: {
      const from = draw(other.length + 1);
      return Buffer.concat([head, other.subarray(from, from + draw(256)), tail]);
    }
    default:
      return head;
  }
}
