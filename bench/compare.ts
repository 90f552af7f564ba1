import { type Figure, toRatio } from "./figures.ts";

/** Two runs of the same commit on a shared machine differ by less than this. */
export const tolerance = 0.15;

export interface Kept {
  readonly commit: string;
  readonly machine: string;
  readonly quick: boolean;
  readonly figures: readonly Figure[];
}

export interface Change {
  readonly name: string;
  readonly before: number;
  readonly now: number;
  readonly slower: boolean;
}

/** Only ratios: a kept figure of another machine says nothing about this one. */
export function compare(before: readonly Figure[], now: readonly Figure[], allowed = tolerance): Change[] {
  return now.flatMap((figure) => {
    const old = before.find(
      ({ row, subject, what }) => row === figure.row && subject === figure.subject && what === figure.what,
    );
    const [was, is] = [old && toRatio(old), toRatio(figure)];
    if (!figure.compared || was === undefined || is === undefined) return [];
    const worse = figure.better === "lower" ? is / was : was / is;
    const name = `${figure.row}: ${figure.what} (${figure.subject})`;
    return [{ name, before: was, now: is, slower: worse > 1 + allowed }];
  });
}
