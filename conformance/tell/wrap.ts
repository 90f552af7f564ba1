import type { Terminal } from "../terminal.ts";

/** So wide are the narrowest terminals that people have. */
const columnsMin = 80;

/** Breaks a text at its blanks, so that its lines stand under each other, behind so many columns. */
export function wrap(text: string, indent: number, columns = columnsMin): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const last = lines.at(-1);
    if (last !== undefined && indent + last.length + word.length < columns) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines.join(`\n${" ".repeat(indent)}`);
}

/** The same where a person watches; a pipe gets each line whole, to be searched. */
export function wrapFor({ interactive, columns }: Terminal, text: string, indent: number): string {
  return interactive ? wrap(text, indent, Math.max(columns ?? columnsMin, columnsMin)) : text;
}
