const gatheredLength = 65_536;

/** The same text in fewer pieces, each of which begins with the end of the one before: what is no longer than `overlap` is whole in one of them. */
export function* gather(pieces: Iterable<string>, overlap: number): Generator<string> {
  let [parts, length, kept]: [string[], number, string] = [[], 0, ""];
  for (const piece of pieces) {
    parts.push(piece);
    length += piece.length;
    if (length < gatheredLength) continue;
    const text = kept + parts.join("");
    yield text;
    [parts, length, kept] = [[], 0, text.slice(-overlap)];
  }
  if (length > 0) yield kept + parts.join("");
}
