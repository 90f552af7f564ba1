import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { type ClientOptions, say, type SocketUse, toSocketUrl, type Window } from "./socket-client.ts";
import { settle } from "./use.ts";

/** What somebody who is not let in sees: the words, why the library stays away, or that it comes back for more. */
async function knock(window: Window): Promise<unknown> {
  await window.until(() => window.hello ?? window.paused ?? window.failures[1]);
  if (window.hello !== undefined) return "let in";
  const [failure] = window.failures;
  const { details } = failure as { readonly details?: Readonly<Record<string, unknown>> };
  return { words: failure?.message, expected: details?.["expectedProtocol"], next: window.paused ?? "tries again" };
}

/** How programs come in, and what they may do then. */
export const doorUses: readonly SocketUse[] = [
  {
    name: "connect",
    only: "WS-01",
    run: async ({ open }) => {
      const { auth, protocol } = (await open()).hello ?? {};
      return { protocol, ...(auth as object) };
    },
  },
  {
    name: "a wrong token",
    only: "WS-06",
    run: ({ knock: to }) => knock(to({ token: "wrong-token-0123456789abcdef" })),
  },
  { name: "no token", only: "WS-06", run: ({ knock: to }) => knock(to({ token: "" })) },
  {
    name: "a token in the address only",
    only: "WS-07",
    run: ({ knock: to, subject }) =>
      knock(to({ token: "", url: `${toSocketUrl(subject)}?token=${encodeURIComponent(subject.apiKey)}` })),
  },
  {
    name: "a program that speaks later versions",
    only: "WS-04",
    run: ({ knock: to }) => knock(to({ minProtocol: 5, maxProtocol: 9 })),
  },
  {
    name: "a program that speaks earlier versions",
    only: "WS-04",
    run: ({ knock: to }) => knock(to({ minProtocol: 1, maxProtocol: 3 })),
  },
  {
    name: "a program that speaks earlier and later versions too",
    only: "WS-05",
    run: ({ knock: to }) => knock(to({ minProtocol: 3, maxProtocol: 9 })),
  },
  {
    name: "a page of a foreign origin",
    only: "WS-11",
    run: ({ knock: to }) => knock(to({ origin: "https://attacker.example" })),
  },
  {
    name: "a program that asks to read, and shows what it may do",
    only: "WS-13",
    run: async ({ open }) => (await open({ scopes: ["operator.read"] })).hello?.["auth"] ?? "nothing",
  },
  {
    name: "a program that does what it was told that it may",
    only: "WS-14",
    async run({ open }) {
      const window = await open();
      return [
        await settle(window.ask("sessions.list", { limit: 1 }).then(() => "read")),
        await settle(window.ask("chat.abort", { sessionKey: "main", runId: "none" }).then(() => "written")),
      ];
    },
  },
  {
    name: "a message of a program that asked to read only",
    only: "WS-15",
    async run({ open }) {
      const window = await open({ scopes: ["operator.read"] });
      return say(window, "proof-scope", "@@echo hi").then(
        () => "sent",
        ({ message, details }: Error & { readonly details?: object }) => ({ message, ...details }),
      );
    },
  },
  {
    name: "a device that forges its signature",
    only: "WS-18",
    run: ({ knock: to }) => knock(to(toDevice(() => "nothing"))),
  },
  {
    name: "a device with the signature of another connection",
    only: "WS-19",
    async run({ knock: to }) {
      let first: string | undefined;
      const device = toDevice((payload) => (first ??= payload));
      await knock(to(device));
      return knock(to(device));
    },
  },
];

/** A device of its own, which signs what `edit` makes of what there is to sign. */
function toDevice(edit: (payload: string) => string): ClientOptions {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const pem = { publicKeyPem: String(publicKey.export({ type: "spki", format: "pem" })) };
  const deviceId = createHash("sha256").update(raw).digest("hex");
  return {
    deviceIdentity: { deviceId, privateKeyPem: "", ...pem },
    hostDeps: {
      publicKeyRawBase64UrlFromPem: () => raw.toString("base64url"),
      signDevicePayload: (_pem: string, payload: string) =>
        sign(null, Buffer.from(edit(payload)), privateKey).toString("base64url"),
      loadDeviceAuthToken: () => null,
      storeDeviceAuthToken: () => undefined,
      clearDeviceAuthToken: () => undefined,
    },
  };
}
