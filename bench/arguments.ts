import { parseArgs } from "node:util";

export const rowNames = [
  "request",
  "relay",
  "token",
  "first",
  "turn",
  "memory",
  "start",
  "overload",
  "scale",
  "sockets",
] as const;
export type RowName = (typeof rowNames)[number];

export interface Arguments {
  readonly only: readonly RowName[];
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly compare: string | undefined;
  readonly beside: readonly string[];
}

export function readArguments(args: readonly string[]): Arguments {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      only: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      json: { type: "string" },
      compare: { type: "string" },
      beside: { type: "string", multiple: true, default: [] },
    },
  });
  const { only, quick, json, compare, beside } = values;
  if (only && positionals.length === 0) throw new Error(`--only takes names of rows: ${rowNames.join(", ")}`);
  return { only: positionals.length > 0 ? positionals.map(toRowName) : rowNames, quick, json, compare, beside };
}

function toRowName(name: string): RowName {
  const row = rowNames.find((known) => known === name);
  if (row === undefined) throw new Error(`no row is named "${name}"; the rows are ${rowNames.join(", ")}`);
  return row;
}
