/** A text that grows piece by piece. */
export interface GrowingText {
  add(piece: string): void;
  toString(): string;
}

/** So many pieces are held by themselves before they become one string. */
const piecesMax = 1024;

/**
 * `text += piece` keeps every piece and a node for each joint alive: 40 bytes and more for a token of five letters. This
 * keeps blocks of plain text.
 */
export function createGrowingText(): GrowingText {
  const blocks: string[] = [];
  let pieces: string[] = [];
  return {
    add(piece) {
      if (pieces.push(piece) < piecesMax) return;
      blocks.push(pieces.join(""));
      pieces = [];
    },
    toString: () => blocks.join("") + pieces.join(""),
  };
}
