/** Something in a configuration that can be used, and yet is hardly what was meant. */
export interface ConfigWarning {
  /** The key, or the environment variable, that it is about. */
  readonly key: string;
  /** Goes behind the key. Shows no value. */
  readonly problem: string;
}

/** What people write for a reference, from shells and from other programs. Ends and prices (`^a$`, `$5`) are none. */
const lookalike = /(?<![\w$\\])\$[A-Z][A-Z0-9_]*\b|\{(?:env|file):[^}]*\}/;

/** Whether a text for a machine still has something that somebody was to replace. */
export function looksLikeReference(text: string): boolean {
  return lookalike.test(text);
}

/** Whether a value is nothing but a reference, of whatever kind: the one who wrote it thought it would be replaced. */
export function isBareReference(value: string): boolean {
  return /^\$\{[^}]*\}$/.test(value) || lookalike.exec(value)?.[0] === value;
}

const pairs: Readonly<Record<string, string>> = { '"': '"', "'": "'", "`": "`" };
const typographic = /^[\u2018-\u201f\u2039\u203a\u00ab\u00bb]|[\u2018-\u201f\u2039\u203a\u00ab\u00bb]$/;

/** What is suspicious about quotation marks at the ends of a value; undefined for nothing. */
export function findQuotationMarks(value: string): string | undefined {
  const first = value[0] ?? "";
  if (value.length > 1 && pairs[first] === value.at(-1)) {
    return "is in quotation marks, which are taken as part of the value (`docker --env-file` does not remove them)";
  }
  return typographic.test(value) ? "begins or ends with a typographic quotation mark" : undefined;
}

/** What is suspicious about the key of a provider; undefined for nothing. */
export function findKeyTrouble(value: string): string | undefined {
  const quoted = findQuotationMarks(value);
  if (quoted !== undefined) return quoted;
  if (/\s/.test(value)) {
    return "has white space in it: a `Bearer` before the key, or a comment behind it, is taken as part of the value";
  }
  if (/^[A-Z][A-Z0-9_]*=/.test(value)) return "begins with a name and `=`, which are taken as part of the value";
  return /^["'`]|["'`]$/.test(value) ? "has a quotation mark at one end" : undefined;
}
