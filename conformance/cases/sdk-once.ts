import type { CaseContext } from "../context.ts";
import type { Subject } from "../subject.ts";

const kept = new WeakMap<Subject, Map<string, Promise<unknown>>>();

/** Asks a subject only once what several cases want to look at. What failed is asked again by the next case. */
export function once<T>({ subject }: CaseContext, name: string, ask: () => Promise<T>): Promise<T> {
  const answers = kept.get(subject) ?? new Map<string, Promise<unknown>>();
  kept.set(subject, answers);
  const known = answers.get(name) as Promise<T> | undefined;
  if (known !== undefined) return known;
  const asked = ask();
  answers.set(name, asked);
  asked.catch(() => answers.delete(name));
  return asked;
}
