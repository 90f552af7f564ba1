/** What the schema at the place of a finding expects. */
export interface Expected {
  readonly types: readonly string[];
  /** The tags of a union. */
  readonly values?: readonly unknown[];
  /** What a text has to be, in words. */
  readonly words?: string;
}

/** One finding of a validator, as Ajv reports it, with what the schema there expects. */
export interface Finding {
  readonly keyword: string;
  readonly instancePath: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly message?: string;
  readonly data?: unknown;
  /** It is about this name of a key at the place, and not about the value. */
  readonly propertyName?: string;
  readonly expected?: Expected;
}
