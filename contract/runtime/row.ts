import type { Check } from "./check.ts";
import type { Body, Parameters } from "./reply.ts";

/** What the document says about one operation, for programs. */
export interface Row<Ops, O extends keyof Ops> extends AnyRow {
  readonly id: O & string;
  readonly checkParameters: Check<Parameters<Ops, O>>;
  readonly checkBody: Check<Body<Ops, O>>;
}

/** A row of any operation. */
export interface AnyRow {
  readonly id: string;
  readonly method: string;
  /** As in the document, parameters in braces. */
  readonly path: string;
  /** Whether the document asks for credentials. */
  readonly secured: boolean;
  /** The scopes or roles that the document names for them. */
  readonly scopes: readonly string[];
  /** The fields of the operation that begin with `x-`. */
  readonly extensions: Readonly<Record<`x-${string}`, unknown>>;
  readonly parameters: Readonly<Record<string, ParameterRow>>;
  readonly checkParameters: Check<unknown>;
  readonly hasBody: boolean;
  readonly checkBody: Check<unknown>;
  readonly responses: Readonly<Record<number, ResponseRow>>;
}

export interface ParameterRow {
  readonly in: "path" | "header" | "query";
  /** What its text is read as. */
  readonly type: "string" | "integer" | "number" | "boolean";
  /** Set for a path parameter that may hold slashes. */
  readonly slashes?: boolean;
  /** Set where an empty text is not the same as none, but is checked as any other. */
  readonly emptyCounts?: boolean;
}

export interface ResponseRow {
  /** By name in lower case. */
  readonly headers: Readonly<Record<string, { readonly required: boolean }>>;
  /** The check of the body, or of one event, by media type. */
  readonly content: Readonly<Record<string, Check<unknown>>>;
  /** The literal data of the last event of a stream. */
  readonly end?: string;
}

/** One row for each operation of the document. */
export type Rows<Ops> = { readonly [O in keyof Ops]: Row<Ops, O> };

/** The ids of a table that has one entry for each. */
export function listIds<Table extends object>(table: Table): (keyof Table & string)[] {
  // `Object.keys` knows no more than texts; the table is written or generated with its keys, and nobody adds any.
  return Object.keys(table) as (keyof Table & string)[];
}

/** The media type of the whole answer of a status. */
export function toWholeType({ responses }: AnyRow, status: number): string | undefined {
  return Object.keys(responses[status]?.content ?? {}).find((type) => type !== "text/event-stream");
}

/** Matches the whole path. A parameter takes one segment, or everything up to the next part where it may hold slashes. */
export function toPattern({ path, parameters }: AnyRow): RegExp {
  const pattern = path
    .split(/\{([^{}]+)\}/)
    .map((part, index) => {
      if (index % 2 === 0) return RegExp.escape(part);
      return parameters[part]?.slashes === true ? "(.+)" : "([^/]+)";
    })
    .join("");
  return new RegExp(`^${pattern}$`);
}

/** The names of the path parameters, in the order of the groups of `toPattern`. */
export function listPathParameters({ path }: AnyRow): string[] {
  return [...path.matchAll(/\{([^{}]+)\}/g)].map(([, name = ""]) => name);
}
