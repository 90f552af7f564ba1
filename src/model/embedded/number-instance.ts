import { isInRange, numberOr } from "./fit.ts";
import type { SchemaObject } from "./schema.ts";
import { costs, type Work } from "./work.ts";

/** How many multiples are tried in vain: beyond the bounds themselves, only rounding errors can spoil one. */
const triesMax = 64;
/** Nobody writes a fraction that needs a larger one to become whole. */
const factorsMax = 1_000;

/** The numbers of one schema, each made when it is first asked for. */
export interface Numbers {
  /** Of those within the schema's bounds the `variant`-th, counted from 0 and round again; undefined if none is found. */
  at(variant: number): number | undefined;
}

/** Zero comes first if it can be, else one near a bound. */
export function createNumbers(schema: SchemaObject, isInteger: boolean, work: Work): Numbers {
  work.spend(costs.value);
  const step = isInteger ? integerStep(schema["multipleOf"], work) : numberOr(schema["multipleOf"], 0);
  const found = new Set<number>();
  const list: number[] = [];
  const candidates = listCandidates(boundsOf(schema), step, found);
  /** False if there is none. */
  const findMore = (): boolean => {
    for (;;) {
      work.spend(costs.key);
      const { done, value } = candidates.next();
      if (done === true) return false;
      // Adding 0 makes -0, which JSON cannot say, 0.
      const number = value + 0;
      if (!isInRange(schema, number) || (isInteger && !Number.isInteger(number)) || found.has(number)) continue;
      found.add(number);
      list.push(number);
      return true;
    }
  };
  return {
    at(variant) {
      while (list.length <= variant && findMore());
      return list[variant % list.length];
    },
  };
}

interface Bounds {
  readonly low: number;
  readonly high: number;
}

function boundsOf(schema: SchemaObject): Bounds {
  return {
    low: Math.max(numberOr(schema["minimum"], -Infinity), numberOr(schema["exclusiveMinimum"], -Infinity)),
    high: Math.min(numberOr(schema["maximum"], Infinity), numberOr(schema["exclusiveMaximum"], Infinity)),
  };
}

/** The smallest whole number that is a multiple of `multipleOf`. */
function integerStep(multipleOf: unknown, work: Work): number {
  const unit = numberOr(multipleOf, 1);
  if (Number.isInteger(unit)) return unit;
  work.spend(factorsMax);
  for (let factor = 2; factor <= factorsMax; factor += 1) if (Number.isInteger(unit * factor)) return unit * factor;
  return unit;
}

/** Goes on as long as one in `triesMax` is found good. */
function* listCandidates({ low, high }: Bounds, step: number, found: ReadonlySet<number>): Generator<number> {
  const unit = step > 0 ? step : 1;
  const nearest = Math.min(Math.max(0, low), high);
  const start = nearest < 0 ? Math.floor(nearest / unit) : Math.ceil(nearest / unit);
  for (let tried = 0; tried <= triesMax + found.size; tried += 1) {
    yield (start + tried) * unit;
    yield (start - tried) * unit;
  }
  // A range that holds no whole number still holds fractions.
  if (step > 0) return;
  if (low === high) yield low;
  const before = found.size;
  for (let part = 2; part <= found.size - before + 2; part += 1) yield low + (high - low) / part;
  yield low;
  yield high;
}
