import { toPoints } from "./points.ts";

/** One of several equal phrasings: the first without a seed, else always the same one for the same seed. */
export function choosePhrase(phrases: readonly [string, ...string[]], seed: number | null | undefined): string {
  const at = Math.abs(Math.trunc(seed ?? 0)) % phrases.length;
  return phrases[at] ?? phrases[0];
}

/** The text in quotes, on one line, cut at `pointsMax` code points. */
export function quote(text: string, pointsMax: number): string {
  // A code point has at most two units: no need to walk through a long text.
  const points = toPoints(
    text
      .slice(0, pointsMax * 2 + 2)
      .replaceAll(/\s+/g, " ")
      .trim(),
  );
  return points.length > pointsMax ? `"${points.slice(0, pointsMax).join("").trimEnd()}…"` : `"${points.join("")}"`;
}
