import { createHash, type KeyObject, sign } from "node:crypto";
import type { CaseContext } from "../context.ts";
import { expectThat, Skip } from "../expect.ts";
import type { GatewaySocket } from "../lens/gateway-socket.ts";
import { toChallenge, toConnect } from "../lens/sign-in.ts";
import { without } from "../self-test/edit.ts";
import { editConnect, refuseConnect } from "../self-test/socket-edit.ts";
import { createDeviceKeys } from "../unique.ts";
import { defineSocketCases, toRefusal } from "./websocket-talk.ts";

const manual = "OpenClaw's documentation, Gateway protocol: device identity";

export const socketDeviceCases = defineSocketCases([
  {
    id: "WS-17",
    level: "SHOULD",
    requirement: "A device that signs the challenge as version 3 says is let in with the token.",
    source: `${manual}. So do openclaw tui, openclaw acp and the Control UI.`,
    faults: [
      {
        id: "ws-devices-refused",
        what: "Nobody who sends a device is let in.",
        socket: refuseConnect(({ device }) => device !== undefined, "DEVICE_AUTH_SIGNATURE_INVALID"),
      },
    ],
    async run(context) {
      const { socket, params } = await sign3(context);
      const answer = await socket.answer("connect", params);
      if (answer.ok === false && /pairing|NOT_PAIRED/i.test(JSON.stringify(answer.error)))
        throw new Skip("the gateway wants a new device to be paired by hand");
      expectThat(answer.ok === true, "a device with a good signature to be let in", answer.error);
    },
  },
  {
    id: "WS-18",
    level: "MUST",
    requirement: "A device whose signature does not hold is refused, even with the token.",
    source: `${manual}: who it is that calls must not be what anybody says.`,
    finds: ["ws-token-any"],
    faults: [
      {
        id: "ws-devices-believed",
        what: "A device is not looked at.",
        socket: editConnect((params) => without(params, "device")),
      },
    ],
    async run(context) {
      const { socket, params } = await sign3(context, { signature: "A".repeat(86) });
      toRefusal(await socket.answer("connect", params), "`connect` with a forged signature");
    },
  },
  {
    id: "WS-19",
    level: "MUST",
    requirement: "A signature over another connection's nonce is refused.",
    source: `${manual}: a signature is good once.`,
    finds: ["ws-token-any", "ws-devices-believed"],
    async run(context) {
      const other = await sign3(context);
      const socket = await context.dial();
      await toChallenge(socket);
      toRefusal(await socket.answer("connect", other.params), "`connect` with the signature of another connection");
    },
  },
]);

/** A connection, and what a device says on it. */
async function sign3(
  context: CaseContext,
  forged: object = {},
): Promise<{ readonly socket: GatewaySocket; readonly params: object }> {
  const socket = await context.dial();
  const { nonce, ts } = await toChallenge(socket);
  const { publicKey, privateKey } = createDeviceKeys();
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  const id = createHash("sha256").update(raw).digest("hex");
  const scopes = ["operator.read", "operator.write"];
  const { apiKey } = context.subject;
  const said = ["v3", id, "gateway-client", "backend", "operator", scopes.join(","), ts, apiKey, nonce, "linux", ""];
  const signature = toSignature(said.join("|"), privateKey);
  const device = { id, publicKey: raw.toString("base64url"), signature, signedAt: ts, nonce, ...forged };
  return { socket, params: toConnect(context.subject, { device }) };
}

function toSignature(text: string, key: KeyObject): string {
  return sign(null, Buffer.from(text), key).toString("base64url");
}
