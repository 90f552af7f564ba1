import { type Handlers, type Listener, RequestViolation } from "@clawgate/contract";
import { type Failure, Refusal } from "@clawgate/contract/fetch";
import type { components, operations as Operations } from "./generated/openapi.ts";

type Item = components["schemas"]["Item"];
type Sold = components["schemas"]["Sold"];

/** What each request brings besides its parameters. */
export interface StoreContext {
  readonly customer: string;
}

/** Told by the tests; a store sells one item after the other to whoever watches it. */
export interface Watching {
  readonly sell: (to: Listener<Sold>, item: Item) => Promise<void>;
}

const missing = (id: string) => ({ status: 404, body: { problem: `There is no item '${id}'.` } }) as const;

/** The store's handlers: one for each operation, and none of them knows a server. */
export function createStore({ sell }: Watching): Handlers<Operations, StoreContext> {
  const items: Item[] = [{ id: "tea/green", name: "Green tea", stock: 2 }];
  const find = (id: string) => items.find((item) => item.id === id);
  return {
    listItems: ({ parameters: { limit = 10 } }) => ({ status: 200, body: items.slice(0, limit) }),
    addItem({ body: { name, stock }, parameters, customer }) {
      const item = { id: `${parameters["x-shop"]}/${customer}/${items.length}`, name, stock };
      items.push(item);
      return { status: 201, headers: { location: `/items/${item.id}` }, body: item };
    },
    getItem({ parameters: { id } }) {
      const item = find(id);
      return item === undefined ? missing(id) : { status: 200, body: item };
    },
    watchItem({ parameters: { id } }) {
      const item = find(id);
      if (item === undefined) return missing(id);
      return { status: 200, stream: { run: (to) => sell(to, item) } };
    },
  };
}

/** What the store's clients are told of an error. */
export function toFailure(error: unknown): Failure {
  if (error instanceof Refusal) {
    return { status: error.status, headers: error.headers, body: { problem: error.message } };
  }
  if (error instanceof RequestViolation) {
    return { status: 400, body: { problem: error.message, field: error.violation.param } };
  }
  return { status: 500, body: { problem: error instanceof RangeError ? error.message : "The store failed." } };
}
