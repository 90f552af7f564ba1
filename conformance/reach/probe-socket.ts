import type { Capability } from "./capability.ts";
import { GatewaySocket } from "../lens/gateway-socket.ts";
import { signIn, toChallenge, toConnect } from "../lens/sign-in.ts";
import type { CapabilityFinding, Subject } from "./subject.ts";
import { expectThat, isObject, show } from "../expect.ts";
import { randomUUID } from "../unique.ts";

/** Whether anything answers a handshake. */
export function isSocketAnswering(subject: Subject): Promise<boolean> {
  return withSocket(subject, () => Promise.resolve(true)).catch(() => false);
}

/** What is asked over the WebSocket of the port; the last two only where there is nothing else. Whether `connect` is let in
 * is for the cases to say: a wrong key makes them fail. */
export const socketProbes: Partial<Record<Capability, (subject: Subject) => Promise<CapabilityFinding>>> = {
  async websocket(subject) {
    // At the address of a WebSocket there is nothing else that it could be.
    if (subject.profile !== "websocket") await withSocket(subject, toChallenge);
    return { present: true, why: "a connection can be made" };
  },
  async auth(subject) {
    if (subject.apiKey === "") return { present: false, why: "no key was given", untried: true };
    const { ok } = await withSocket(subject, async (socket) => {
      await toChallenge(socket);
      return socket.answer("connect", toConnect(subject, { auth: undefined }));
    });
    return ok === false
      ? { present: true, why: "without a key: refused" }
      : { present: false, why: "let in without a key" };
  },
  async fixture(subject) {
    const said = await withSocket(subject, async (socket) => {
      await signIn(socket, subject);
      const id = socket.ask("agent", {
        sessionKey: `conformance-probe-${randomUUID()}`,
        message: String.raw`@@echo "fixture \u2713"`,
        idempotencyKey: randomUUID(),
      });
      const end = await socket.until(
        () => socket.answers(id).find(({ ok, payload }) => ok !== true || (isObject(payload) && "result" in payload)),
        "an answer to `agent`",
      );
      return show(end);
    });
    return said.includes('"fixture \u2713"')
      ? { present: true, why: "`@@echo` is obeyed" }
      : { present: false, why: "`@@echo` is not obeyed" };
  },
};

async function withSocket<T>(subject: Subject, use: (socket: GatewaySocket) => Promise<T>): Promise<T> {
  const controller = new AbortController();
  const socket = new GatewaySocket(subject, {}, controller.signal, () => undefined);
  try {
    await socket.opened();
    expectThat(socket.status === 101, "a WebSocket handshake to be answered 101", socket.status);
    return await use(socket);
  } finally {
    controller.abort();
  }
}
