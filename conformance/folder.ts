import { readdirSync } from "node:fs";

/**
 * Everything that the modules of a folder export and that `isWanted` knows, in the order of the ids: what is put into the
 * folder is found, and nobody has a list to keep. Throws if two have the same id.
 */
export async function loadFolder<T extends { readonly id: string }>(
  folder: URL,
  isWanted: (value: unknown) => value is readonly T[],
): Promise<readonly T[]> {
  const names = readdirSync(folder).filter((name) => /\.[jt]s$/.test(name) && !/\.(?:test|fixture|d)\.ts$/.test(name));
  const modules = await Promise.all(
    names.map(async (name) => (await import(new URL(name, folder).href)) as Record<string, unknown>),
  );
  return toOrdered(
    modules
      .flatMap((module) => Object.values(module))
      .filter(isWanted)
      .flat(),
  );
}

/** In the order of the ids. Throws if two have the same. */
export function toOrdered<T extends { readonly id: string }>(list: readonly T[]): readonly T[] {
  const ordered = list.toSorted((a, b) => compareIds(a.id, b.id));
  const twice = ordered.find(({ id }, index) => ordered[index + 1]?.id === id);
  if (twice !== undefined) throw new Error(`two have the id ${twice.id}`);
  return ordered;
}

/** `NS-02` before `NS-10`, and all of a group together. */
export function compareIds(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
