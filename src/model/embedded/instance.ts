import { toChoices } from "./choices.ts";
import { isEqual, numberOr } from "./fit.ts";
import { toNumber } from "./number-instance.ts";
import { createMatcher, type Matcher } from "./pattern.ts";
import {
  flatten,
  isObject,
  listOf,
  merge,
  toSource,
  toUnsatisfiable,
  typesOf,
  type SchemaObject,
  type Source,
  type TypeName,
} from "./schema.ts";
import { toString } from "./string-instance.ts";

/** Objects have their optional properties, and arrays an item, down to this depth. */
const fullDepth = 4;
/** So many values down, what is still not finished is taken for endless. */
const depthMax = 48;
/** After so many values a large schema gets only what it requires. */
const fullValuesMax = 2_000;
const valuesMax = 20_000;
const itemsMax = 1_000;

/**
 * A value that is valid for a JSON Schema (2020-12), the same for the same arguments; strings are made from `hint`.
 *
 * It knows types, `enum`, `const`, `anyOf`, `oneOf`, `allOf`, local `$ref`, sizes, ranges, `multipleOf`, `uniqueItems`,
 * the common formats and simple patterns, and passes over `not`, `if`, `contains` and `patternProperties`.
 * Throws `unsupported_value` where it finds no value, `invalid_value` for an unknown type; `param` names the field of
 * the request that brought the schema.
 */
export function toInstance(schema: unknown, hint: string, param = "response_format"): unknown {
  return new Maker(toSource(schema, param), hint).make(schema, 0, 0);
}

class Maker {
  private values = 0;
  private readonly source: Source;
  private readonly hint: string;
  private readonly matches: Matcher = createMatcher();
  private readonly weights = new Map<unknown, number>();

  constructor(source: Source, hint: string) {
    this.source = source;
    this.hint = hint;
  }

  /** Other variants (counted from 0) try to be other values, for `uniqueItems`. */
  make(given: unknown, depth: number, variant: number): unknown {
    this.values += 1;
    if (depth > depthMax || this.values > valuesMax) throw this.unsatisfiable("it is endless or too large");
    const schema = flatten(given, this.source);
    if (schema === false) throw this.unsatisfiable("it contains `false`");
    const choices = toChoices(schema, this.hint, this.source.param);
    if (choices.length > 0) return choices[variant % choices.length];
    const alternatives = schema["anyOf"] ?? schema["oneOf"];
    if (Array.isArray(alternatives)) return this.makeOneOf(schema, alternatives, depth, variant);
    return this.makeTyped(schema, depth, variant);
  }

  private isLean(depth: number): boolean {
    return depth > fullDepth || this.values > fullValuesMax;
  }

  private unsatisfiable(why: string): Error {
    return toUnsatisfiable(why, this.source.param);
  }

  private makeOneOf(schema: SchemaObject, alternatives: readonly unknown[], depth: number, variant: number): unknown {
    const { anyOf, oneOf, ...own } = schema;
    // Both at once are rare; the second is kept for the next round.
    const rest = anyOf !== undefined && oneOf !== undefined ? { ...own, oneOf } : own;
    const order = this.isLean(depth) ? alternatives.toSorted((a, b) => this.weigh(a) - this.weigh(b)) : alternatives;
    let failure: unknown = this.unsatisfiable("an anyOf is empty");
    for (let tried = 0; tried < order.length; tried += 1) {
      const flat = flatten(order[(tried + variant) % order.length], this.source);
      try {
        if (flat !== false) return this.make(merge(rest, flat), depth + 1, Math.floor(variant / order.length));
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  /** Deep down, the alternative with the fewest references ends a recursion. */
  private weigh(alternative: unknown): number {
    const known = this.weights.get(alternative);
    if (known !== undefined) return known;
    const flat = flatten(alternative, this.source);
    const weight =
      flat === false ? Infinity : flat["type"] === "null" ? 0 : JSON.stringify(flat).split('"$ref"').length;
    this.weights.set(alternative, weight);
    return weight;
  }

  private makeTyped(schema: SchemaObject, depth: number, variant: number): unknown {
    const types = typesOf(schema, this.source.param);
    const type =
      this.isLean(depth) && types.includes("null") ? "null" : (types.find((one) => one !== "null") ?? types[0]);
    const value = type === undefined ? undefined : this.makeOf(type, schema, depth, variant);
    if (value === undefined) throw this.unsatisfiable(`no ${type ?? "type"} obeys all of it`);
    return value;
  }

  private makeOf(type: TypeName, schema: SchemaObject, depth: number, variant: number): unknown {
    switch (type) {
      case "null":
        return null;
      case "boolean":
        return variant % 2 === 0;
      case "integer":
      case "number":
        return toNumber(schema, type === "integer", variant);
      case "string":
        return toString(schema, { hint: this.hint, variant, matches: this.matches });
      case "array":
        return this.makeArray(schema, depth, variant);
      case "object":
        return this.makeObject(schema, depth, variant);
    }
  }

  private makeArray(schema: SchemaObject, depth: number, variant: number): unknown[] {
    const prefix = listOf(schema["prefixItems"]);
    const least = numberOr(schema["minItems"], 0);
    const most = numberOr(schema["maxItems"], Infinity);
    const isUnique = schema["uniqueItems"] === true;
    const wanted = this.isLean(depth) ? least : Math.min(Math.max(least, prefix.length, 1), most);
    if (wanted > itemsMax) throw this.unsatisfiable(`an array must have ${wanted} items`);
    const items: unknown[] = [];
    for (let tried = 0; items.length < wanted && tried < 2 * wanted + 64; tried += 1) {
      const item = this.tryMake(
        prefix[items.length] ?? schema["items"],
        depth,
        isUnique ? variant + tried : variant,
        items.length < least,
      );
      if (item === undefined) break;
      if (!isUnique || !items.some((one) => isEqual(one, item))) items.push(item);
    }
    if (items.length < least) throw this.unsatisfiable(`there are not ${least} different items`);
    return items;
  }

  private makeObject(schema: SchemaObject, depth: number, variant: number): Record<string, unknown> {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    const required = new Set(listOf(schema["required"]).map(String));
    const most = numberOr(schema["maxProperties"], Infinity);
    let optionalLeft = this.isLean(depth) ? 0 : most - required.size;
    const made = new Map<string, unknown>();
    for (const name of new Set([...Object.keys(properties), ...required])) {
      const isRequired = required.has(name);
      if (!isRequired && (optionalLeft -= 1) < 0) continue;
      const inner = Object.hasOwn(properties, name) ? properties[name] : schema["additionalProperties"];
      const value = this.tryMake(inner, depth, variant, isRequired);
      if (value !== undefined) made.set(name, value);
    }
    this.fillUp(made, schema, properties, depth);
    // fromEntries defines, so that a property named __proto__ is one.
    return Object.fromEntries(made);
  }

  /** Up to `minProperties`: optional properties that were left out, then made-up ones. */
  private fillUp(made: Map<string, unknown>, schema: SchemaObject, properties: SchemaObject, depth: number): void {
    const least = numberOr(schema["minProperties"], 0);
    if (made.size >= least) return;
    if (least > itemsMax) throw this.unsatisfiable(`an object must have ${least} properties`);
    const free = Array.from({ length: least }, (_, at) => `key${at + 1}`).filter(
      (name) => !Object.hasOwn(properties, name),
    );
    for (const name of [...Object.keys(properties), ...free]) {
      if (made.size >= least) return;
      if (made.has(name)) continue;
      const inner = Object.hasOwn(properties, name) ? properties[name] : schema["additionalProperties"];
      const value = this.tryMake(inner, depth, 0, false);
      if (value !== undefined) made.set(name, value);
    }
    if (made.size < least) throw this.unsatisfiable(`an object must have ${least} properties`);
  }

  /** Undefined where no value can be made and none is required. */
  private tryMake(schema: unknown, depth: number, variant: number, isRequired: boolean): unknown {
    try {
      return this.make(schema, depth + 1, variant);
    } catch (error) {
      if (isRequired || this.values > valuesMax) throw error;
      return undefined;
    }
  }
}
