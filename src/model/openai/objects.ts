/** The objects of a list; what is no object in it, or no list, says nothing. */
export function toObjects(value: unknown): object[] {
  if (!Array.isArray(value)) return [];
  return value.filter((one: unknown): one is object => typeof one === "object" && one !== null);
}
