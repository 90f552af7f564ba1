import { readFileSync } from "node:fs";
import { toGeneratedFile } from "../contract.ts";
import { findNearest } from "../nearest.ts";
import type { ConfigPath } from "./config-error.ts";

interface Schema {
  readonly $ref?: string;
  readonly $defs?: Readonly<Record<string, Schema>>;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
}

/** What was probably meant by a key that nobody knows: a name beside it, or a key elsewhere. */
export function suggestKey(path: ConfigPath): string | undefined {
  const root = JSON.parse(readFileSync(toGeneratedFile("config.schema.json"), "utf8")) as Schema;
  const [name, ...above] = path.toReversed();
  if (typeof name !== "string") return undefined;
  const beside = above
    .toReversed()
    .reduce<readonly Schema[]>((schemas, step) => schemas.flatMap((one) => enter(root, one, step)), [root]);
  const near = findNearest(
    name,
    beside.flatMap((schema) => listNames(root, schema)),
  );
  return near ?? listKeys(root).find((key) => key.endsWith(`.${name}`));
}

/** What a schema stands for: itself, what it refers to, and its variants. */
function unfold(root: Schema, schema: Schema): Schema[] {
  const target = schema.$ref === undefined ? undefined : root.$defs?.[schema.$ref.replace("#/$defs/", "")];
  const others = [...(target === undefined ? [] : [target]), ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])];
  return [schema, ...others.flatMap((one) => unfold(root, one))];
}

function enter(root: Schema, schema: Schema, step: string | number): Schema[] {
  return unfold(root, schema).flatMap(({ properties, additionalProperties, items }) => {
    if (typeof step === "number") return items === undefined ? [] : [items];
    const own = properties?.[step];
    if (own !== undefined) return [own];
    return typeof additionalProperties === "object" ? [additionalProperties] : [];
  });
}

function listNames(root: Schema, schema: Schema): string[] {
  return unfold(root, schema).flatMap(({ properties = {} }) => Object.keys(properties));
}

/** Every key, the nearest to the root first; a name that the user gives is `<name>`, a place in a list `[]`. */
function listKeys(root: Schema): string[] {
  const keys: string[] = [];
  let level: readonly (readonly [prefix: string, schema: Schema])[] = [["", root]];
  while (level.length > 0) {
    level = level.flatMap(([prefix, schema]) =>
      unfold(root, schema).flatMap(({ properties = {}, additionalProperties, items }) => {
        const named = Object.entries(properties).map(([name, item]) => [`${prefix}${name}`, item] as const);
        keys.push(...named.map(([key]) => key));
        return [
          ...named.map(([key, item]) => [`${key}.`, item] as const),
          ...(typeof additionalProperties === "object" ? [[`${prefix}<name>.`, additionalProperties] as const] : []),
          ...(items === undefined ? [] : [[`${prefix.slice(0, -1)}[].`, items] as const]),
        ];
      }),
    );
  }
  return keys;
}
