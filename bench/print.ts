export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** `share` is from 0 to 1. */
export function percentile(values: readonly number[], share: number): number {
  const place = Math.min(values.length - 1, Math.floor(values.length * share));
  return values.toSorted((a, b) => a - b)[place] ?? Number.NaN;
}

export function print(name: string, value: string): void {
  console.log(`${name.padEnd(64)}${value}`);
}
