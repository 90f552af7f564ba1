/**
 * A session key as it stands in a column: escaped as in a JSON string. Databases disagree about NUL, and UTF-8 has no
 * lone surrogates (two keys would become one); escaped, every key is plain text, and different keys stay different.
 */
export function toColumn(key: string): string {
  return JSON.stringify(key).slice(1, -1);
}

/** The key that `toColumn` made this of. */
export function fromColumn(column: string): string {
  return JSON.parse(`"${column}"`) as string;
}
