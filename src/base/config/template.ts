/** A text of the configuration whose references are filled in. */
export interface FilledTemplate {
  readonly value: string;
  /** The same as it may be shown, in the form it has in a file: what came from a variable is named and not told. */
  readonly shown: string;
  /** The pieces that stand in the text itself, without references and their values. */
  readonly literals: readonly string[];
  readonly hasVariables: boolean;
}

/** The value of a variable; undefined for one that is not there, or says nothing. */
export type ReadVariable = (name: string) => string | undefined;

/** Says what is wrong with a text, to go behind the key that it belongs to. */
export type Refuse = (problem: string) => never;

/**
 * Fills `${NAME}` and `${NAME:-default}` in; `$${` stands for `${` itself. A default may hold references too. Calls
 * `refuse` for a variable that is not there and has no default, and for what begins like a reference and is none.
 */
export function fillTemplate(text: string, read: ReadVariable, refuse: Refuse): FilledTemplate {
  const filled = { value: "", shown: "", literals: [] as string[], hasVariables: false };
  const addText = (literal: string): void => {
    filled.value += literal;
    filled.shown += escapeTemplate(literal);
    filled.literals.push(literal);
  };
  let at = 0;
  for (let start = text.indexOf("${"); start !== -1; start = text.indexOf("${", at)) {
    if (start > at && text[start - 1] === "$") {
      addText(text.slice(at, start - 1));
      filled.value += "${";
      filled.shown += "$${";
      at = start + 2;
      continue;
    }
    addText(text.slice(at, start));
    const end = findEnd(text, start + 2);
    const [, name, standard] = form.exec(text.slice(start + 2, Math.max(end, start + 2))) ?? [];
    if (end === -1 || name === undefined) refuse(malformed);
    const part = toPart(name, standard, read, refuse);
    filled.value += part.value;
    filled.shown += part.shown;
    filled.literals.push(...part.literals);
    filled.hasVariables ||= part.hasVariables;
    at = end + 1;
  }
  addText(text.slice(at));
  return filled;
}

/** A text as it has to stand in a file to mean itself. */
export function escapeTemplate(text: string): string {
  return text.replaceAll("${", "$$${");
}

const form = /^([A-Za-z_][A-Za-z0-9_]*)(?::-(.*))?$/s;

const malformed =
  "has a '${' that begins no reference. References are `${NAME}` and `${NAME:-default}`; write `$${` for the characters themselves.";

function toPart(name: string, standard: string | undefined, read: ReadVariable, refuse: Refuse): FilledTemplate {
  const value = read(name);
  if (value !== undefined) {
    return { value, shown: `<\${${name}}, ${value.length} characters>`, literals: [], hasVariables: true };
  }
  if (standard !== undefined) return fillTemplate(standard, read, refuse);
  refuse(
    `refers to the environment variable ${name}, which is not set or empty. Set it, or write \`\${${name}:-default}\`.`,
  );
}

/** The brace that closes a reference: a default may have pairs of its own, as JSON has. */
function findEnd(text: string, from: number): number {
  let depth = 1;
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "{") depth += 1;
    if (text[at] === "}") depth -= 1;
    if (depth === 0) return at;
  }
  return -1;
}
