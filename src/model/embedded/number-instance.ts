import { isInRange, numberOr } from "./fit.ts";
import type { SchemaObject } from "./schema.ts";

/** How many multiples are tried: beyond the bounds themselves, only rounding errors can spoil one. */
const triesMax = 64;

/**
 * A number within the schema's bounds, or undefined when none is found: zero if it can be, else one near a bound; or
 * of those found the `variant`-th, counted from 0 and round again.
 */
export function toNumber(schema: SchemaObject, isInteger: boolean, variant: number): number | undefined {
  const step = isInteger ? integerStep(schema["multipleOf"]) : numberOr(schema["multipleOf"], 0);
  const { low, high } = boundsOf(schema);
  const found = new Set<number>();
  for (const value of candidates(low, high, step, variant)) {
    // Adding 0 makes -0, which JSON cannot say, 0.
    if (isInRange(schema, value) && (!isInteger || Number.isInteger(value))) found.add(value + 0);
    if (found.size > variant) return [...found].at(-1);
  }
  return [...found][variant % found.size];
}

function boundsOf(schema: SchemaObject): { readonly low: number; readonly high: number } {
  return {
    low: Math.max(numberOr(schema["minimum"], -Infinity), numberOr(schema["exclusiveMinimum"], -Infinity)),
    high: Math.min(numberOr(schema["maximum"], Infinity), numberOr(schema["exclusiveMaximum"], Infinity)),
  };
}

/** The smallest whole number that is a multiple of `multipleOf`. */
function integerStep(multipleOf: unknown): number {
  const unit = numberOr(multipleOf, 1);
  for (let factor = 1; factor <= 1000; factor += 1) if (Number.isInteger(unit * factor)) return unit * factor;
  return unit;
}

function* candidates(low: number, high: number, step: number, variant: number): Generator<number> {
  const unit = step > 0 ? step : 1;
  const nearest = Math.min(Math.max(0, low), high);
  const start = nearest < 0 ? Math.floor(nearest / unit) : Math.ceil(nearest / unit);
  for (let tried = 0; tried <= triesMax + variant; tried += 1) {
    yield (start + tried) * unit;
    yield (start - tried) * unit;
  }
  // A range that holds no whole number still holds fractions.
  if (step > 0) return;
  if (low === high) yield low;
  for (let part = 2; part <= variant + 2; part += 1) yield low + (high - low) / part;
  yield low;
  yield high;
}
