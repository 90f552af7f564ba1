import type { Case } from "../case.ts";
import type { Change, Mutant } from "./mutant.ts";

interface KillTable {
  readonly cases: readonly { readonly id: string; readonly level: string; readonly finds: readonly string[] }[];
  readonly mutants: readonly { readonly id: string; readonly what: string }[];
  readonly variants: readonly { readonly id: string; readonly what: string }[];
}

/** Which fault each case finds, as the file's name says: JSON or Markdown. The self-test proves every row. */
export function toKillTable(
  file: string,
  cases: readonly Case[],
  mutants: readonly Mutant[],
  variants: readonly Change[],
): string {
  const table: KillTable = {
    cases: cases.map(({ id, level }) => ({
      id,
      level,
      finds: mutants.filter(({ killedBy }) => killedBy.includes(id)).map((mutant) => mutant.id),
    })),
    mutants: mutants.map(({ id, what }) => ({ id, what })),
    variants: variants.map(({ id, what }) => ({ id, what })),
  };
  return file.endsWith(".json") ? `${JSON.stringify(table, null, 2)}\n` : toMarkdown(table);
}

function toMarkdown({ cases, mutants, variants }: KillTable): string {
  const rows = cases.map(
    ({ id, level, finds }) => `| ${id} | ${level} | ${finds.map((name) => `\`${name}\``).join(", ")} |`,
  );
  const changes = (list: KillTable["mutants"]): string =>
    list.map(({ id, what }) => `| \`${id}\` | ${what} |`).join("\n");
  return `# What the suite is proven to find

Each of the ${mutants.length} mutants is a server with one fault; each row is a case that found it. None of the
${variants.length} legal variants was blamed by any case.

## Cases

| case | level | finds |
| --- | --- | --- |
${rows.join("\n")}

## Mutants

| mutant | fault |
| --- | --- |
${changes(mutants)}

## Legal variants

| variant | difference |
| --- | --- |
${changes(variants)}
`;
}
