/** What a row found out. `against` is the raw baseline of the same run; without it the figure stands alone. */
export interface Figure {
  readonly row: string;
  readonly subject: string;
  readonly what: string;
  readonly unit: string;
  readonly value: number;
  readonly against?: number;
  /** What issue and design ask for: of the ratio, or of the value where there is no ratio to hold it to. */
  readonly aim?: string;
  readonly better: "lower" | "higher";
  /** False for what is too noisy for a verdict: it is told, not compared. */
  readonly compared: boolean;
}

/** `share` is from 0 to 1; the nearest value that is there, so that no figure is one that was never measured. */
export function percentile(values: readonly number[], share: number): number {
  const place = Math.min(values.length - 1, Math.floor(values.length * share));
  return values.toSorted((a, b) => a - b)[place] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => percentile(values, 0.5);
/** Foreign load only adds: the low end is nearest to the truth, and one round of luck is not the low end. */
export const low = (values: readonly number[]): number => percentile(values, 0.2);

export function toRatio({ value, against }: Pick<Figure, "value" | "against">): number | undefined {
  return against === undefined || against <= 0 ? undefined : value / against;
}

/** A new order for each round, so that no subject always runs after the same other. */
export function shuffle<T>(values: readonly T[], random: () => number = Math.random): T[] {
  return values
    .map((value) => ({ value, place: random() }))
    .toSorted((a, b) => a.place - b.place)
    .map(({ value }) => value);
}
