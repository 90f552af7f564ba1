// What the types of the socket promise, held by `npm run types`: a line below `@ts-expect-error` that compiles is an error
// itself. Beside each wrong one stands the right one, which differs in the one thing that is wrong.
import type { SocketEvents } from "../../src/base/contract.ts";
import type { SocketHandler, SocketHandlers } from "../../src/socket/methods.ts";
import type { Outgoing } from "../../src/socket/outgoing.ts";

export const whole: SocketHandler<"chat.abort"> = () => ({ ok: true, aborted: false, runIds: [] });
export const waited: SocketHandler<"chat.abort"> = () => Promise.resolve({ ok: true, aborted: true, runIds: ["a"] });

// @ts-expect-error A payload that lacks a field.
export const lacking: SocketHandler<"chat.abort"> = () => ({ ok: true, aborted: false });

// @ts-expect-error The payload of another method.
export const another: SocketHandler<"chat.abort"> = () => ({ subscribed: true });

// @ts-expect-error Params that the method does not have.
export const params: SocketHandler<"chat.abort"> = ({ key }) => ({ ok: true, aborted: false, runIds: [key] });

export const twice: SocketHandler<"agent"> = (_, { accept }) => {
  accept({ runId: "a", status: "accepted", acceptedAt: 1 });
  return { runId: "a", status: "ok", summary: "completed" };
};

export const wrongFirst: SocketHandler<"agent"> = (_, { accept }) => {
  // @ts-expect-error A first answer that the method does not have.
  accept({ runId: "a", status: "started" });
  return { runId: "a", status: "ok", summary: "completed" };
};

declare const handlers: SocketHandlers;
const { health: _, ...others } = handlers;

// @ts-expect-error A method without a handler.
export const missing: SocketHandlers = others;

// @ts-expect-error A handler of no method.
export const surplus: SocketHandlers = { ...handlers, "config.get": handlers.health };

declare const outgoing: Outgoing;
const tick: SocketEvents["tick"] = { ts: 1 };
export const told = outgoing.event("tick", tick);

// @ts-expect-error What another event tells.
export const wrongEvent = outgoing.event("shutdown", tick);

// @ts-expect-error An event that is none.
export const noEvent = outgoing.event("presence", tick);
