type Given<T> = { [K in keyof T]?: Exclude<T[K], null | undefined> };

/** The values without those that are null or undefined: a package would take `null` for a value. */
export function given<T extends object>(values: T): Given<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value != null)) as Given<T>;
}
