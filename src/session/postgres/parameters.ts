/**
 * The parameters of a statement by their names: a text is made of those that it needs, in the order in which it comes to
 * them, and the values go there by name.
 */
export class Parameters {
  readonly #names: string[] = [];

  /** Where the value stands in the text. */
  at(name: string, type: string): string {
    const found = this.#names.indexOf(name);
    const place = found < 0 ? this.#names.push(name) : found + 1;
    return `$${place}::${type}`;
  }

  toValues(values: Readonly<Record<string, unknown>>): unknown[] {
    return this.#names.map((name) => values[name]);
  }
}
