import { without } from "../edit.ts";
import { defineMutants } from "../mutant.ts";
import { editAnswer, editEvent, isAsked, toHello, toOk, toRefused } from "../socket-edit.ts";
import type { Frame, ProxiedSocket, SocketHooks } from "../socket-proxy.ts";

type Hooks = (connection: ProxiedSocket) => SocketHooks;

/** Faults in how a gateway lets somebody in. */
export const socketHandshakeMutants = defineMutants([
  {
    id: "ws-challenge-none",
    what: "A connection begins without a challenge.",
    socket: () => ({ down: (frame) => (frame["event"] === "connect.challenge" ? undefined : frame) }),
    killedBy: ["WS-01"],
  },
  {
    id: "ws-challenge-time-text",
    what: "The time of the challenge is a text.",
    socket: () => editEvent("connect.challenge", (payload) => ({ ...payload, ts: new Date().toISOString() })),
    killedBy: ["WS-01"],
  },
  {
    id: "ws-challenge-again",
    what: "Every connection has the same challenge.",
    socket: () => editEvent("connect.challenge", (payload) => ({ ...payload, nonce: "0123456789abcdef" })),
    killedBy: ["WS-02"],
  },
  {
    id: "ws-hello-key-more",
    what: "`hello-ok` has a key that the published schema has not.",
    socket: editAnswer("connect", (payload) => ({ ...payload, canvasHostUrl: "http://127.0.0.1" })),
    killedBy: ["WS-03"],
  },
  {
    id: "ws-hello-without-snapshot",
    what: "`hello-ok` has no snapshot.",
    socket: editAnswer("connect", (payload) => without(payload, "snapshot")),
    killedBy: ["WS-03"],
  },
  {
    id: "ws-hello-old-version",
    what: "`hello-ok` says version 3.",
    socket: editAnswer("connect", (payload) => ({ ...payload, protocol: 3 })),
    killedBy: ["WS-03", "WS-05"],
  },
  {
    id: "ws-versions-ignored",
    what: "Whatever versions a client speaks, it is let in.",
    socket: editConnect((params) => ({ ...params, minProtocol: 4, maxProtocol: 4 })),
    killedBy: ["WS-04"],
  },
  {
    id: "ws-refusal-without-details",
    what: "A refusal has no details.",
    socket: () => ({
      down: (frame) =>
        frame["ok"] === false ? { ...frame, error: without(frame["error"] as Frame, "details") } : frame,
    }),
    killedBy: ["WS-04", "WS-06", "WS-15"],
  },
  {
    id: "ws-refused-stays-open",
    what: "Whoever was refused stays connected.",
    socket: () => ({ deaf: true }),
    killedBy: ["WS-04", "WS-06", "WS-10"],
  },
  {
    id: "ws-keys-unknown-refused",
    what: "A `connect` with a key that the gateway does not know is refused.",
    socket: refuseConnect(({ novelty }) => novelty !== undefined, "INVALID_CONNECT_PARAMS"),
    killedBy: ["WS-05"],
  },
  {
    id: "ws-versions-many-refused",
    what: "A client that speaks other versions beside 4 is refused.",
    socket: refuseConnect(({ minProtocol, maxProtocol }) => minProtocol !== maxProtocol, "PROTOCOL_MISMATCH"),
    killedBy: ["WS-05"],
  },
  {
    id: "ws-token-any",
    what: "Every token is good, and none as well.",
    socket: ({ toClient }) => ({
      up: (frame) => {
        if (frame["method"] !== "connect") return frame;
        toClient(toOk(frame, toHello()));
        return undefined;
      },
    }),
    killedBy: ["WS-06", "WS-07", "WS-09", "WS-13", "WS-16", "WS-18", "WS-19"],
  },
  {
    id: "ws-token-in-query",
    what: "A token in the address is taken.",
    socket: (connection) =>
      editConnect((params) => {
        const token = connection.query.get("token");
        return token === null ? params : { ...params, auth: { token } };
      })(connection),
    killedBy: ["WS-07"],
  },
  {
    id: "ws-open-before-connect",
    what: "Requests are answered before `connect`.",
    socket: ({ toClient }) => ({
      up: (frame) => {
        if (frame["method"] !== "health") return frame;
        toClient(toOk(frame, { ok: true }));
        return undefined;
      },
    }),
    killedBy: ["WS-08"],
  },
  {
    id: "ws-first-frame-any-length",
    what: "The first frame may be of any length.",
    socket: editConnect((params) => without(params, "padding")),
    killedBy: ["WS-09"],
  },
  {
    id: "ws-origin-any",
    what: "Pages of every origin are let in.",
    handshake: (headers) => ({ ...headers, origin: undefined }),
    killedBy: ["WS-11"],
  },
  {
    id: "ws-compressed",
    what: "Compression is agreed to.",
    compress: true,
    killedBy: ["WS-12"],
  },
  {
    id: "ws-scopes-more",
    what: "More is granted than was asked for.",
    socket: editConnect((params) => ({ ...params, scopes: ["operator.read", "operator.write"] })),
    killedBy: ["WS-13", "WS-15", "WS-16"],
  },
  {
    id: "ws-scopes-unsaid",
    what: "It is not said what was granted.",
    socket: editAnswer("connect", (payload) => ({ ...payload, auth: without(payload["auth"] as Frame, "scopes") })),
    killedBy: ["WS-13", "WS-14"],
  },
  {
    id: "ws-scopes-cleared",
    what: "Scopes are taken away in silence.",
    socket: (connection) => ({
      ...editConnect((params) => ({ ...params, scopes: ["operator.approvals"] }))(connection),
      ...editAnswer("connect", (payload) => ({
        ...payload,
        auth: { role: "operator", scopes: ["operator.read", "operator.write"] },
      }))(connection),
    }),
    killedBy: ["WS-14"],
  },
  {
    id: "ws-scope-text-other",
    what: "A missing scope is told in other words.",
    socket: () => ({
      down: (frame) =>
        frame["ok"] === false ? { ...frame, error: { ...(frame["error"] as Frame), message: "not allowed" } } : frame,
    }),
    killedBy: ["WS-15"],
  },
  {
    id: "ws-devices-refused",
    what: "Nobody who sends a device is let in.",
    socket: refuseConnect(({ device }) => device !== undefined, "DEVICE_AUTH_SIGNATURE_INVALID"),
    killedBy: ["WS-17"],
  },
  {
    id: "ws-devices-believed",
    what: "A device is not looked at.",
    socket: editConnect((params) => without(params, "device")),
    killedBy: ["WS-18", "WS-19"],
  },
]);

function editConnect(edit: (params: Frame) => Frame): Hooks {
  return () => ({
    up: (frame) => (isAsked(frame, "connect") ? { ...frame, params: edit(frame["params"] as Frame) } : frame),
  });
}

function refuseConnect(isRefused: (params: Frame) => boolean, code: string): Hooks {
  return ({ toClient }) => ({
    up: (frame) => {
      if (!isAsked(frame, "connect") || !isRefused(frame["params"] as Frame)) return frame;
      toClient(toRefused(frame, code));
      return undefined;
    },
  });
}
