import { toChoices } from "./choices.ts";
import { toCanonical } from "./canonical.ts";
import { numberOr } from "./fit.ts";
import { createNumbers, type Numbers } from "./number-instance.ts";
import { createFindMatch, type FindMatch } from "./pattern.ts";
import {
  flatten,
  isObject,
  listOf,
  merge,
  toSource,
  typesOf,
  type SchemaObject,
  type Source,
  type TypeName,
} from "./schema.ts";
import { toString } from "./string-instance.ts";
import { costs, toUnsatisfiable, type Work } from "./work.ts";

/** Objects have their optional properties, and arrays an item, down to this depth. */
const fullDepth = 4;
/** So many values down, what is still not finished is taken for endless. */
const depthMax = 48;
/** After so many values a large schema gets only what it requires. */
const fullValuesMax = 2_000;
const valuesMax = 20_000;
const itemsMax = 1_000;
/** What a person asks for stands at the beginning. */
const hintUnitsMax = 1_000;

/**
 * A value that is valid for a JSON Schema (2020-12), the same for the same arguments; strings are made from `hint`.
 *
 * It knows types, `enum`, `const`, `anyOf`, `oneOf`, `allOf`, local `$ref`, sizes, ranges, `multipleOf`, `uniqueItems`,
 * the common formats and simple patterns, and passes over `not`, `if`, `contains` and `patternProperties`.
 * Throws `unsupported_value` where it finds no value or where that takes too much work, `invalid_value` for an unknown
 * type; `param` names the field of the request that brought the schema.
 */
export function toInstance(schema: unknown, hint: string, param = "response_format", work?: Work): unknown {
  return new Maker(toSource(schema, param, work), hint).make(schema, 0, 0);
}

/** What was read of one flat schema: the items of a list ask for it again and again. */
interface Reading {
  readonly choices: readonly unknown[];
  readonly types: readonly TypeName[];
  numbers?: Numbers;
}

class Maker {
  private values = 0;
  private readonly source: Source;
  private readonly hint: string;
  private readonly work: Work;
  private readonly findMatch: FindMatch = createFindMatch();
  private readonly weights = new Map<unknown, number>();
  private readonly readings = new Map<SchemaObject, Reading>();

  constructor(source: Source, hint: string) {
    this.source = source;
    this.work = source.work;
    this.hint = hint.slice(0, hintUnitsMax).toWellFormed();
  }

  /** Other variants (counted from 0) try to be other values, for `uniqueItems`. */
  make(given: unknown, depth: number, variant: number): unknown {
    this.values += 1;
    this.work.spend(costs.value);
    if (depth > depthMax || this.values > valuesMax) throw this.unsatisfiable("it is endless or too large");
    const schema = flatten(given, this.source);
    if (schema === false) throw this.unsatisfiable("it contains `false`");
    const { choices } = this.read(schema);
    if (choices.length > 0) return this.choose(choices[variant % choices.length]);
    const alternatives = schema["anyOf"] ?? schema["oneOf"];
    if (Array.isArray(alternatives)) return this.makeOneOf(schema, alternatives, depth, variant);
    return this.makeTyped(schema, depth, variant);
  }

  private read(schema: SchemaObject): Reading {
    const known = this.readings.get(schema);
    if (known !== undefined) return known;
    const choices = toChoices(schema, this.hint, this.source);
    const isChosen = choices.length > 0 || schema["anyOf"] !== undefined || schema["oneOf"] !== undefined;
    const reading: Reading = { choices, types: isChosen ? [] : typesOf(schema, this.source) };
    this.readings.set(schema, reading);
    return reading;
  }

  /** Each time that it is chosen it is written once more. */
  private choose(value: unknown): unknown {
    if (typeof value === "string") this.work.spend(value.length);
    else if (typeof value === "object") toCanonical(value, this.work);
    return value;
  }

  /** Nothing else helps where too much was tried already. */
  private get isOver(): boolean {
    return this.work.isSpent || this.values > valuesMax;
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
    const order = this.isLean(depth) ? this.sortByWeight(alternatives) : alternatives;
    let failure: unknown = this.unsatisfiable("an anyOf is empty");
    for (let tried = 0; tried < order.length; tried += 1) {
      const flat = flatten(order[(tried + variant) % order.length], this.source);
      try {
        if (flat !== false) return this.make(this.mergeInto(rest, flat), depth + 1, Math.floor(variant / order.length));
      } catch (error) {
        if (this.isOver) throw error;
        this.work.spend(costs.failure);
        failure = error;
      }
    }
    throw failure;
  }

  /** Most alternatives stand alone, and what was read of them is known. */
  private mergeInto(rest: SchemaObject, alternative: SchemaObject): SchemaObject {
    return Object.keys(rest).length === 0 ? alternative : merge(rest, alternative, this.work);
  }

  /** Deep down, the alternative with the fewest references ends a recursion. */
  private sortByWeight(alternatives: readonly unknown[]): readonly unknown[] {
    this.work.spendKeys(alternatives);
    return alternatives.toSorted((a, b) => this.weigh(a) - this.weigh(b));
  }

  private weigh(alternative: unknown): number {
    const known = this.weights.get(alternative);
    if (known !== undefined) return known;
    const flat = flatten(alternative, this.source);
    const weight = flat === false ? Infinity : flat["type"] === "null" ? 0 : 1 + this.countReferences(flat);
    this.weights.set(alternative, weight);
    return weight;
  }

  private countReferences(schema: unknown): number {
    if (typeof schema !== "object" || schema === null) return 0;
    this.work.spendKeys(schema);
    let count = "$ref" in schema ? 1 : 0;
    for (const inner of Object.values(schema)) count += this.countReferences(inner);
    return count;
  }

  private makeTyped(schema: SchemaObject, depth: number, variant: number): unknown {
    const { types } = this.read(schema);
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
        return this.makeNumber(schema, type === "integer", variant);
      case "string":
        return toString(schema, { hint: this.hint, variant, findMatch: this.findMatch, work: this.work });
      case "array":
        return this.makeArray(schema, depth, variant);
      case "object":
        return this.makeObject(schema, depth, variant);
    }
  }

  private makeNumber(schema: SchemaObject, isInteger: boolean, variant: number): number | undefined {
    const reading = this.read(schema);
    reading.numbers ??= createNumbers(schema, isInteger, this.work);
    return reading.numbers.at(variant);
  }

  private makeArray(schema: SchemaObject, depth: number, variant: number): unknown[] {
    const prefix = listOf(schema["prefixItems"]);
    const least = numberOr(schema["minItems"], 0);
    const most = numberOr(schema["maxItems"], Infinity);
    const isUnique = schema["uniqueItems"] === true;
    const wanted = this.isLean(depth) ? least : Math.min(Math.max(least, prefix.length, 1), most);
    if (wanted > itemsMax) throw this.unsatisfiable(`an array must have ${wanted} items`);
    const items: unknown[] = [];
    const texts = new Set<string>();
    for (let tried = 0; items.length < wanted && tried < 2 * wanted + 64; tried += 1) {
      const item = this.tryMake(
        prefix[items.length] ?? schema["items"],
        depth,
        isUnique ? variant + tried : variant,
        items.length < least,
      );
      if (item === undefined) break;
      const text = isUnique ? toCanonical(item, this.work) : "";
      if (!isUnique || !texts.has(text)) items.push(item);
      texts.add(text);
    }
    if (items.length < least) throw this.unsatisfiable(`there are not ${least} different items`);
    return items;
  }

  private makeObject(schema: SchemaObject, depth: number, variant: number): Record<string, unknown> {
    const properties = isObject(schema["properties"]) ? schema["properties"] : {};
    this.work.spendKeys(properties);
    this.work.spendKeys(listOf(schema["required"]));
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
    for (const name of made.keys()) this.work.spend(name.length);
    this.fillUp(made, schema, properties, depth);
    // fromEntries defines, so that a property named __proto__ is one.
    return Object.fromEntries(made);
  }

  /** Up to `minProperties`: optional properties that were left out, then made-up ones. */
  private fillUp(made: Map<string, unknown>, schema: SchemaObject, properties: SchemaObject, depth: number): void {
    const least = numberOr(schema["minProperties"], 0);
    if (made.size >= least) return;
    if (least > itemsMax) throw this.unsatisfiable(`an object must have ${least} properties`);
    this.work.spend(least * costs.key);
    this.work.spendKeys(properties);
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
      if (isRequired || this.isOver) throw error;
      this.work.spend(costs.failure);
      return undefined;
    }
  }
}
