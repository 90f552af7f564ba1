// What the types promise, held by `npm run types`: a line below `@ts-expect-error` that compiles is an error itself. Beside
// each wrong handler stands the right one, which differs in the one thing that is wrong.
import { bind, type Handler, type Handlers, isValid, type Reply } from "@clawgate/contract";
import type { components, operations as Operations } from "./generated/openapi.ts";
import { operations } from "./generated/operations.ts";
import { fillSettings } from "./generated/settings-guards.js";

type Get = Handler<Operations, "getItem">;
type Add = Handler<Operations, "addItem">;
type Watch = Handler<Operations, "watchItem">;

const item = { id: "cup", name: "Cup", stock: 1 };
const problem = { problem: "There is no such item." };

export const whole: Get = () => ({ status: 200, body: item });
export const waited: Get = () => Promise.resolve({ status: 404, body: problem });

// @ts-expect-error A status that the operation does not have.
export const wrongStatus: Get = () => ({ status: 410, body: problem });

// @ts-expect-error The body of another status.
export const wrongBody: Get = () => ({ status: 200, body: problem });

// @ts-expect-error A body that lacks a field.
export const lackingField: Get = () => ({ status: 200, body: { id: "cup", name: "Cup" } });

// @ts-expect-error A stream where the operation has none.
export const wrongKind: Get = () => ({ status: 200, stream: { run: () => Promise.resolve() } });

export const headed: Add = () => ({ status: 201, headers: { location: "/items/cup" }, body: item });

// @ts-expect-error A header that must be there is missing.
export const headless: Add = () => ({ status: 201, body: item });

export const extra: Add = (): Reply<Operations, "addItem"> => ({
  status: 201,
  // @ts-expect-error A header that the operation does not have.
  headers: { location: "/items/cup", etag: "1" },
  body: item,
});

export const watching: Watch = () => ({
  status: 200,
  stream: {
    async run({ emit }) {
      emit({ sold: 1, left: 0 });
    },
  },
});

export const wrongEvent: Watch = () => ({
  status: 200,
  stream: {
    async run({ emit }) {
      // @ts-expect-error An event that the stream does not have.
      emit({ sold: 1, remaining: 0 });
    },
  },
});

export const failureAsEvent: Watch = () => ({
  status: 200,
  stream: {
    async run({ emit }) {
      // @ts-expect-error A failure is what the promise rejects with, and no event.
      emit({ problem: "The shelf fell over." });
    },
  },
});

// @ts-expect-error A whole answer where the operation streams.
export const wholeForStream: Watch = () => ({ status: 200, body: { sold: 1, left: 0 } });

export const all: Handlers<Operations> = {
  listItems: () => ({ status: 200, body: [item] }),
  addItem: headed,
  getItem: whole,
  watchItem: watching,
};

// @ts-expect-error A handler is missing.
export const missing: Handlers<Operations> = {
  listItems: () => ({ status: 200, body: [item] }),
  addItem: headed,
  getItem: whole,
};

export const bound = bind(operations.getItem, whole);

// @ts-expect-error The handler of another operation.
export const crossed = bind(operations.getItem, headed);

export const reading: Add = ({ body, parameters }) => {
  const name: string = body.name;
  const shop: string = parameters["x-shop"];
  return { status: 201, headers: { location: `/${shop}/${name}` }, body: item };
};

export const wrongReading: Add = ({ body, parameters }) => {
  // @ts-expect-error A field of the request that may be absent.
  const tag: string = body.tags[0];
  // @ts-expect-error A parameter that the operation does not have.
  const shop: string = parameters.shop;
  return { status: 201, headers: { location: `/${shop}/${tag}` }, body: item };
};

export const listing: Handler<Operations, "listItems"> = ({ parameters: { limit = 10 } }) => {
  // @ts-expect-error A number of the query is no text.
  const text: string = limit;
  return { status: 200, body: text === "" ? [] : [item] };
};

/** What the server gives all handlers is theirs by its type. */
export const knowing: Handler<Operations, "getItem", { readonly customer: string }> = ({ customer }) => ({
  status: 404,
  body: { problem: `Sorry, ${customer}.` },
});

// @ts-expect-error Nothing that the server does not give.
export const guessing: Get = ({ customer }) => ({ status: 404, body: { problem: `Sorry, ${customer}.` } });

/** A header that the server sends itself is not asked of handlers. */
export const spared: Handler<Operations, "addItem", object, "location"> = () => ({ status: 201, body: item });

export function readSettings(value: unknown): components["schemas"]["Item"] | number {
  if (isValid(fillSettings, value)) return value.shelves;
  // @ts-expect-error Nothing is known of what has not passed.
  return value.shelves;
}
