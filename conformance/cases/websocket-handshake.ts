import { expectEqual, expectObject, expectOneOf, expectText, expectThat } from "../expect.ts";
import { expectPublished } from "../lens/published.ts";
import { toChallenge, toConnect } from "../lens/sign-in.ts";
import { without } from "../self-test/edit.ts";
import { editAnswer, editConnect, editEvent, refuseConnect, toHello, toOk } from "../self-test/socket-edit.ts";
import type { Frame } from "../self-test/socket-proxy.ts";
import { randomUUID } from "../unique.ts";
import { defineSocketCases, enter, toRefusal } from "./websocket-talk.ts";

const library = "@openclaw/gateway-client 2026.9.1";
/** Gateways give a client 15 s to say `connect`; a little more for one that looks every few seconds. */
const silenceMs = 20_000;

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
  {
    id: "WS-07",
    level: "MUST",
    requirement: "A token in the address is not read: only that of `connect` counts.",
    source: "Addresses stand in the logs of proxies and in histories of browsers; CWE-598.",
    needs: ["auth"],
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-token-in-query",
        what: "A token in the address is taken.",
        socket: (connection) =>
          editConnect((params) => {
            const token = connection.query.get("token");
            return token === null ? params : { ...params, auth: { token } };
          })(connection),
      },
    ],
    async run(context) {
      const socket = await context.dial({ query: `?token=${encodeURIComponent(context.subject.apiKey)}` });
      // A gateway may as well refuse such an address altogether.
      if (socket.status !== 101) return;
      await toChallenge(socket);
      const answer = await socket.answer("connect", toConnect(context.subject, { auth: undefined }));
      toRefusal(answer, "`connect` with the token in the query only");
    },
  },
  {
    id: "WS-08",
    level: "MUST",
    requirement: "Nothing is answered before `connect`: any other request is refused, or the connection closed.",
    source: "Whoever answers before has no secret at all.",
    faults: [
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
      },
    ],
    async run(context) {
      for (const method of ["health", "chat.history", "sessions.list"]) {
        const socket = await context.dial();
        await toChallenge(socket);
        const id = socket.ask(method, method === "chat.history" ? { sessionKey: "main" } : {});
        await socket.until(
          () => socket.answers(id)[0] ?? socket.closing,
          `\`${method}\` before \`connect\` to be refused`,
        );
        const [answer] = socket.answers(id);
        expectThat(answer?.ok !== true, `\`${method}\` before \`connect\` to be refused`, answer);
      }
    },
  },
  {
    id: "WS-09",
    level: "SHOULD",
    requirement: "Before `connect` a frame of more than 64 KiB is not read.",
    source: "The protocol's limits: whoever has not signed in could fill the memory with connections.",
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-first-frame-any-length",
        what: "The first frame may be of any length.",
        socket: editConnect((params) => without(params, "padding")),
      },
    ],
    async run(context) {
      const socket = await context.dial();
      await toChallenge(socket);
      const id = socket.ask("connect", toConnect(context.subject, { padding: "x".repeat(128 * 1024) }));
      await socket.until(() => socket.answers(id)[0] ?? socket.closing, "a `connect` of 128 KiB to be refused");
      const [answer] = socket.answers(id);
      expectThat(answer?.ok !== true, "a `connect` of 128 KiB to be refused", answer);
    },
  },
  {
    id: "WS-10",
    level: "SHOULD",
    requirement: "A client that says nothing is closed after 15 s.",
    source: "The protocol's limits: idle connections that have not signed in are what floods are made of.",
    limitMs: 35_000,
    finds: ["ws-refused-stays-open"],
    async run(context) {
      const socket = await context.dial();
      await toChallenge(socket);
      await socket.closed("a connection that has said nothing to be closed", silenceMs);
    },
  },
  {
    id: "WS-11",
    level: "MUST",
    requirement: "A page of a foreign web origin is not let in, even with the token.",
    source: "Cross-site WebSocket hijacking (CWE-1385): browsers send a WebSocket's `Origin`, and ask nobody.",
    faults: [
      {
        id: "ws-origin-any",
        what: "Pages of every origin are let in.",
        handshake: (headers) => ({ ...headers, origin: undefined }),
      },
    ],
    async run(context) {
      const socket = await context.dial({ headers: { origin: "https://attacker.example" } });
      if (socket.status !== 101) return;
      await toChallenge(socket);
      const answer = await socket.answer("connect", toConnect(context.subject)).catch(() => ({ ok: false }));
      expectThat(answer.ok !== true, "a `connect` from https://attacker.example to be refused", answer);
    },
  },
  {
    id: "WS-12",
    level: "SHOULD",
    requirement: "Compression is not agreed to, even if the client offers it.",
    source:
      "permessage-deflate keeps about 300 KB a connection, and frames of secrets beside chosen text: CWE-310, CRIME.",
    faults: [
      {
        id: "ws-compressed",
        what: "Compression is agreed to.",
        compress: true,
      },
    ],
    async run(context) {
      const { headers } = await context.dial({ compress: true });
      expectEqual(headers["sec-websocket-extensions"], undefined, "`Sec-WebSocket-Extensions` of the answer");
    },
  },
]);

export const socketIdentityCases = defineSocketCases([
  {
    id: "WS-13",
    level: "MUST",
    requirement: "`hello-ok.auth.scopes` says what was granted of what was asked for, and nothing that was not.",
    source: "Scopes that went away in silence: openclaw#19858, #27494, #17750, #47640, crabwalk#61, clawmetry#607.",
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-scopes-more",
        what: "More is granted than was asked for.",
        socket: editConnect((params) => ({ ...params, scopes: ["operator.read", "operator.write"] })),
      },
      {
        id: "ws-scopes-unsaid",
        what: "It is not said what was granted.",
        socket: editAnswer("connect", (payload) => ({ ...payload, auth: without(payload["auth"] as Frame, "scopes") })),
      },
    ],
    async run(context) {
      const { hello } = await enter(context, { scopes: ["operator.read"] });
      const { auth } = hello;
      expectObject(auth, "`auth` of `hello-ok`");
      expectEqual(auth["scopes"], ["operator.read"], "`auth.scopes` for who asks for `operator.read`");
    },
  },
  {
    id: "WS-14",
    level: "MUST",
    requirement: "What is said to be granted works.",
    source: "A connect that is answered and then refuses every request: openclaw#46276, #46689, #63344, opencami#2.",
    finds: ["ws-scopes-unsaid"],
    faults: [
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
      },
    ],
    async run(context) {
      const { socket, hello } = await enter(context);
      const { auth } = hello;
      expectObject(auth, "`auth` of `hello-ok`");
      const scopes = Array.isArray(auth["scopes"]) ? auth["scopes"] : [];
      if (scopes.includes("operator.read")) await socket.request("sessions.list", { limit: 1 });
      // Of a run that nobody knows there is nothing to end: only whether it may be asked.
      if (scopes.includes("operator.write")) await socket.request("chat.abort", { sessionKey: "main", runId: "none" });
      expectThat(scopes.length > 0, "a `connect` with the token to be granted something", scopes);
    },
  },
  {
    id: "WS-15",
    level: "MUST",
    requirement: "A method whose scope was not granted is refused with the scope's name, as details and as text.",
    source: `${library} reads \`details.code\` MISSING_SCOPE; older dashboards search the text \`missing scope: …\`.`,
    finds: ["ws-refusal-without-details", "ws-scopes-more"],
    faults: [
      {
        id: "ws-scope-text-other",
        what: "A missing scope is told in other words.",
        socket: () => ({
          down: (frame) =>
            frame["ok"] === false
              ? { ...frame, error: { ...(frame["error"] as Frame), message: "not allowed" } }
              : frame,
        }),
      },
    ],
    async run(context) {
      const { socket } = await enter(context, { scopes: ["operator.read"] });
      const sent = { sessionKey: "conformance-scope", message: "Hello.", idempotencyKey: randomUUID() };
      const { message, details } = toRefusal(
        await socket.answer("chat.send", sent),
        "`chat.send` with `operator.read`",
      );
      expectThat(String(message).includes("missing scope: operator.write"), "the text `missing scope: …`", message);
      expectEqual(details["code"], "MISSING_SCOPE", "`details.code`");
      expectEqual(details["missingScope"], "operator.write", "`details.missingScope`");
    },
  },
  {
    id: "WS-16",
    level: "SHOULD",
    requirement: "Who may have none of what they ask for is refused at `connect`, not let in with nothing.",
    source: "A client that is connected and can do nothing looks broken: openclaw#81775, #90306, control-center#51.",
    finds: ["ws-token-any", "ws-scopes-more"],
    async run(context) {
      const socket = await context.dial();
      await toChallenge(socket);
      const params = toConnect(context.subject, { scopes: ["operator.nothing-of-that-name"] });
      toRefusal(await socket.answer("connect", params), "`connect` with a scope that nobody grants");
    },
  },
]);
