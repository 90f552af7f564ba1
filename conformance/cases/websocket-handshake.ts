import { expectEqual, expectOneOf, expectText, expectThat } from "../expect.ts";
import { expectPublished } from "../lens/published.ts";
import { toChallenge, toConnect } from "../lens/sign-in.ts";
import { without } from "../self-test/edit.ts";
import { editAnswer, editConnect, editEvent, refuseConnect, toHello, toOk } from "../self-test/socket-edit.ts";
import type { Frame } from "../self-test/socket-proxy.ts";
import { defineSocketCases, enter, toRefusal } from "./websocket-talk.ts";

export const library = "@openclaw/gateway-client 2026.9.1";

export const socketHandshakeCases = defineSocketCases([
  {
    id: "WS-01",
    level: "MUST",
    requirement: "The first frame is the event `connect.challenge` with a `nonce` and an integer `ts`, unasked.",
    source: `${library} says nothing before it has come, and signs both; it gives up after 15 s.`,
    faults: [
      {
        id: "ws-challenge-none",
        what: "A connection begins without a challenge.",
        socket: () => ({ down: (frame) => (frame["event"] === "connect.challenge" ? undefined : frame) }),
      },
      {
        id: "ws-challenge-time-text",
        what: "The time of the challenge is a text.",
        socket: () => editEvent("connect.challenge", (payload) => ({ ...payload, ts: new Date().toISOString() })),
      },
    ],
    async run(context) {
      const { nonce, ts } = await toChallenge(await context.dial());
      expectText(nonce, "`nonce`");
      expectThat(Number.isInteger(ts), "`ts` to be an integer", ts);
    },
  },
  {
    id: "WS-02",
    level: "SHOULD",
    requirement: "Each connection has a nonce of its own.",
    source: "A signature over a nonce that comes again can be replayed by whoever has seen it.",
    faults: [
      {
        id: "ws-challenge-again",
        what: "Every connection has the same challenge.",
        socket: () => editEvent("connect.challenge", (payload) => ({ ...payload, nonce: "0123456789abcdef" })),
      },
    ],
    async run(context) {
      const challenges = await Promise.all([1, 2, 3].map(async () => toChallenge(await context.dial())));
      expectEqual(new Set(challenges.map(({ nonce }) => nonce)).size, 3, "the number of nonces of three connections");
    },
  },
  {
    id: "WS-03",
    level: "MUST",
    requirement:
      "`connect` is answered with a `hello-ok` of version 4 that the published schema knows, to the last key.",
    source: `${library}; dashboards validate it with closed objects: paperclip#617, OpenGlasses#404.`,
    faults: [
      {
        id: "ws-hello-key-more",
        what: "`hello-ok` has a key that the published schema has not.",
        socket: editAnswer("connect", (payload) => ({ ...payload, canvasHostUrl: "http://127.0.0.1" })),
      },
      {
        id: "ws-hello-without-snapshot",
        what: "`hello-ok` has no snapshot.",
        socket: editAnswer("connect", (payload) => without(payload, "snapshot")),
      },
      {
        id: "ws-hello-old-version",
        what: "`hello-ok` says version 3.",
        socket: editAnswer("connect", (payload) => ({ ...payload, protocol: 3 })),
      },
    ],
    async run(context) {
      const { hello } = await enter(context);
      expectEqual(hello["type"], "hello-ok", "`type`");
      expectEqual(hello["protocol"], 4, "`protocol`");
      expectPublished(hello, "HelloOk", "the answer to `connect`");
    },
  },
  {
    id: "WS-04",
    level: "MUST",
    requirement: "A range of versions without 4 is refused with `PROTOCOL_MISMATCH` and what is expected, then closed.",
    source: `${library} tells its user to update; after 3 became 4: openclaw#82970, #83078, crshdn/mission-control#137.`,
    faults: [
      {
        id: "ws-versions-ignored",
        what: "Whatever versions a client speaks, it is let in.",
        socket: editConnect((params) => ({ ...params, minProtocol: 4, maxProtocol: 4 })),
      },
      {
        id: "ws-refusal-without-details",
        what: "A refusal has no details.",
        socket: () => ({
          down: (frame) =>
            frame["ok"] === false ? { ...frame, error: without(frame["error"] as Frame, "details") } : frame,
        }),
      },
      {
        id: "ws-refused-stays-open",
        what: "Whoever was refused stays connected.",
        socket: () => ({ deaf: true }),
      },
    ],
    async run(context) {
      for (const [minProtocol, maxProtocol] of [
        [1, 3],
        [5, 9],
      ]) {
        const socket = await context.dial();
        await toChallenge(socket);
        const what = `\`connect\` with versions ${minProtocol} to ${maxProtocol}`;
        const answer = await socket.answer("connect", toConnect(context.subject, { minProtocol, maxProtocol }));
        const { details } = toRefusal(answer, what);
        expectEqual(details["code"], "PROTOCOL_MISMATCH", `\`details.code\` of ${what}`);
        expectEqual(details["expectedProtocol"], 4, `\`details.expectedProtocol\` of ${what}`);
        expectOneOf((await socket.closed(`the connection to be closed after ${what}`)).code, [1002, 1008], "the code");
      }
    },
  },
  {
    id: "WS-05",
    level: "MUST",
    requirement: "A range of versions that holds 4 is let in, and so is a `connect` with keys that nobody knows.",
    source: "Clients that are newer than the gateway: paperclip#617, OpenGlasses#404, openclaw#5358.",
    finds: ["ws-hello-old-version"],
    faults: [
      {
        id: "ws-keys-unknown-refused",
        what: "A `connect` with a key that the gateway does not know is refused.",
        socket: refuseConnect(({ novelty }) => novelty !== undefined, "INVALID_CONNECT_PARAMS"),
      },
      {
        id: "ws-versions-many-refused",
        what: "A client that speaks other versions beside 4 is refused.",
        socket: refuseConnect(({ minProtocol, maxProtocol }) => minProtocol !== maxProtocol, "PROTOCOL_MISMATCH"),
      },
    ],
    async run(context) {
      const { hello } = await enter(context, { minProtocol: 3, maxProtocol: 9, novelty: { of: ["tomorrow"] } });
      expectEqual(hello["protocol"], 4, "`protocol`");
    },
  },
  {
    id: "WS-06",
    level: "MUST",
    requirement: "A wrong token is refused with `AUTH_TOKEN_MISMATCH`, none with another word, then closed.",
    source: `${library} stops to reconnect on these codes; on any other it comes back for ever.`,
    needs: ["auth"],
    finds: ["ws-refusal-without-details", "ws-refused-stays-open"],
    faults: [
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
      },
    ],
    async run(context) {
      for (const [auth, codes] of [
        [{ token: "wrong-token-0123456789abcdef" }, ["AUTH_TOKEN_MISMATCH", "AUTH_PASSWORD_MISMATCH"]],
        [undefined, ["AUTH_TOKEN_MISSING", "AUTH_PASSWORD_MISSING", "AUTH_REQUIRED"]],
      ] as const) {
        const socket = await context.dial();
        await toChallenge(socket);
        const what = auth === undefined ? "`connect` without a token" : "`connect` with a wrong token";
        const { details } = toRefusal(await socket.answer("connect", toConnect(context.subject, { auth })), what);
        expectOneOf(details["code"], codes, `\`details.code\` of ${what}`);
        await socket.closed(`the connection to be closed after ${what}`);
      }
    },
  },
]);
