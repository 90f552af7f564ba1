import { expectObject, expectThat } from "../expect.ts";
import type { Subject } from "../reach/subject.ts";
import type { GatewaySocket } from "./gateway-socket.ts";

/** What `connect` says of whoever has the key: the backend of somebody's program, which is asked for no device. */
export function toConnect({ apiKey }: Subject, over: object = {}): object {
  return {
    minProtocol: 4,
    maxProtocol: 4,
    client: { id: "gateway-client", version: "1.0.0", platform: "linux", mode: "backend" },
    role: "operator",
    scopes: ["operator.read", "operator.write"],
    caps: [],
    ...(apiKey === "" ? {} : { auth: { token: apiKey } }),
    ...over,
  };
}

/** Waits for the challenge, which comes before anything is said. */
export async function toChallenge(socket: GatewaySocket): Promise<Record<string, unknown>> {
  expectThat(socket.status === 101, "a WebSocket handshake to be answered 101", socket.status);
  const first = await socket.until(() => socket.frames[0], "a first frame");
  const { event, payload } = first;
  expectThat(event === "connect.challenge", "the first frame to be the event `connect.challenge`", first);
  expectObject(payload, "the payload of the challenge");
  return payload;
}

/** What `connect` was answered with. */
export async function signIn(socket: GatewaySocket, subject: Subject, over?: object): Promise<Record<string, unknown>> {
  await toChallenge(socket);
  return socket.request("connect", toConnect(subject, over));
}
