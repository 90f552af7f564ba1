import { GatewayError } from "../../base/errors.ts";

/** Nothing valid can be made; an alternative of `anyOf` may still do. `param` is the field that brought the schema. */
export function toUnsatisfiable(why: string, param: string): GatewayError {
  return new GatewayError("unsupported_value", `The embedded model cannot make a value for this JSON Schema: ${why}.`, {
    param,
  });
}

/** Some tens of milliseconds: whoever waits for the event loop meanwhile shall not notice. */
const unitsMax = 2_000_000;

/** What the steps of the work cost, in units of about ten nanoseconds. */
export const costs = { key: 16, copiedKey: 40, value: 200, failure: 1_000, match: 500 } as const;

/**
 * How much may be done for the schemas of one request. It is counted and not timed, so that the same request gets the
 * same answer on every machine. Everything draws on it whose size a client chooses: a count of values alone would not
 * see what each of them costs.
 */
export class Work {
  /** Of lists that are looked up again and again, their members in canonical text. */
  readonly texts = new Map<readonly unknown[], ReadonlySet<string>>();
  readonly #param: string;
  #left = unitsMax;

  /** `param` is the field of the request that brought the schemas. */
  constructor(param: string) {
    this.#param = param;
  }

  /** Then nothing else needs to be tried. */
  get isSpent(): boolean {
    return this.#left < 0;
  }

  /** Call it before what costs so much. Throws `unsupported_value` where that is more than there is left. */
  spend(units: number): void {
    this.#left -= units;
    if (this.#left < 0) throw toUnsatisfiable("it takes too much work", this.#param);
  }

  /** For what goes over all members of an object or list. */
  spendKeys(value: object, each: number = costs.key): void {
    this.spend(each + each * (Array.isArray(value) ? value.length : Object.keys(value).length));
  }
}
