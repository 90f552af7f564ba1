import type { Frame, ProxiedSocket, SocketHooks } from "./socket-proxy.ts";

/** What a fault does to each connection. */
export type Hooks = (connection: ProxiedSocket) => SocketHooks;

export function isAsked(frame: Frame, method: string): boolean {
  return frame["type"] === "req" && frame["method"] === method;
}

/** Changes what a method is answered with. */
export function editAnswer(
  method: string,
  edit: (payload: Frame) => unknown,
): (connection: ProxiedSocket) => Required<Pick<SocketHooks, "down">> {
  return ({ methodOf }) => ({
    down: (frame) =>
      frame["ok"] === true && methodOf(frame["id"]) === method
        ? { ...frame, payload: edit(frame["payload"] as Frame) }
        : frame,
  });
}

/** Changes the payload of an event; undefined leaves the event out. */
export function editEvent(name: string, edit: (payload: Frame) => Frame | undefined): SocketHooks {
  return {
    down: (frame) => {
      if (frame["event"] !== name) return frame;
      const payload = edit(frame["payload"] as Frame);
      return payload === undefined ? undefined : { ...frame, payload };
    },
  };
}

/** Answers a method in the golden server's place. */
export function answered(method: string, payload: Frame): (connection: ProxiedSocket) => SocketHooks {
  return ({ toClient }) => ({
    up: (frame) => {
      if (!isAsked(frame, method)) return frame;
      toClient(toOk(frame, payload));
      return undefined;
    },
  });
}

export function toOk({ id }: Frame, payload: Frame): Frame {
  return { type: "res", id, ok: true, payload };
}

export function toRefused({ id }: Frame, code: string): Frame {
  return { type: "res", id, ok: false, error: { code: "INVALID_REQUEST", message: "refused", details: { code } } };
}

/** What a gateway says that lets everybody in. */
export function toHello(): Frame {
  return { type: "hello-ok", protocol: 4, auth: { role: "operator", scopes: ["operator.read", "operator.write"] } };
}

/** The frame with another text in place of one, wherever it stands. */
export function replaced(frame: Frame, from: string, to: string): Frame {
  return JSON.parse(JSON.stringify(frame).replaceAll(from, to)) as Frame;
}

export function toPayload(frame: Frame): Frame {
  const { payload } = frame;
  return typeof payload === "object" && payload !== null ? (payload as Frame) : {};
}

/** Whether the frame is an event of this name in which each of the given keys has its value. */
export function isEvent(frame: Frame, name: string, has: Frame = {}): boolean {
  const payload = toPayload(frame);
  return frame["event"] === name && Object.entries(has).every(([key, value]) => payload[key] === value);
}

/** Changes what `connect` says. */
export function editConnect(edit: (params: Frame) => Frame): Hooks {
  return () => ({
    up: (frame) => (isAsked(frame, "connect") ? { ...frame, params: edit(frame["params"] as Frame) } : frame),
  });
}

/** Refuses some at `connect`. */
export function refuseConnect(isRefused: (params: Frame) => boolean, code: string): Hooks {
  return ({ toClient }) => ({
    up: (frame) => {
      if (!isAsked(frame, "connect") || !isRefused(frame["params"] as Frame)) return frame;
      toClient(toRefused(frame, code));
      return undefined;
    },
  });
}
