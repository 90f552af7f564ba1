import { costs, type Work } from "./work.ts";

/** JSON text that is the same for equal values, in whatever order the keys of their objects stand. */
export function toCanonical(value: unknown, work: Work): string {
  if (typeof value === "string") {
    work.spend(costs.key + value.length);
    return JSON.stringify(value);
  }
  if (typeof value !== "object" || value === null) {
    work.spend(costs.key);
    return JSON.stringify(value) ?? "null";
  }
  work.spendKeys(value);
  if (Array.isArray(value)) return `[${value.map((one) => toCanonical(one, work)).join(",")}]`;
  const members = Object.entries(value).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return `{${members.map(([key, one]) => `${toCanonical(key, work)}:${toCanonical(one, work)}`).join(",")}}`;
}

/** Whether one of the values equals this one. */
export function isAmong(values: readonly unknown[], value: unknown, work: Work): boolean {
  const texts = work.texts.get(values) ?? new Set(values.map((one) => toCanonical(one, work)));
  work.texts.set(values, texts);
  return texts.has(toCanonical(value, work));
}
