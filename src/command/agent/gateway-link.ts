import { WebSocket } from "ws";
import type { GatewayAddress } from "./gateway-address.ts";
import {
  contractVersion,
  errorCodes,
  type ErrorCode,
  type FrameError,
  socketEvents,
  type SocketEvents,
  socketMethods,
  type SocketMethods,
} from "../../base/contract.ts";
import { GatewayError } from "../../base/errors.ts";
import { awakeMs, keepAwakeClock } from "../../base/loop-watch.ts";
import { IdleTimer } from "../../base/deadline.ts";

/** An event of the gateway protocol. */
export type Told = {
  [E in keyof SocketEvents]: { readonly event: E; readonly payload: SocketEvents[E] };
}[keyof SocketEvents];

/** The connection is gone. What was asked may have been done or not. */
export class LinkLost extends Error {
  override readonly name = "LinkLost";
}

type Methods = keyof SocketMethods;
type Payload<M extends Methods> = SocketMethods[M]["payload"];

interface Waiting {
  readonly method: Methods;
  /** For a first answer that is not the last. */
  readonly onAccepted: ((payload: unknown) => void) | undefined;
  readonly resolve: (payload: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Of the handshakes, HTTP's and the protocol's, each. */
const patienceMs = 10_000;
/** Of the parting. */
const partingMs = 1_000;
const frameBytesMax = 64 * 2 ** 20;
/** The gateway ticks more often than it says; one that is silent for so many of them is gone, whatever TCP believes. */
const silentTicksMax = 2.5;
const protocolVersion = 4;

/** One connection of the gateway protocol, as its client. */
export class GatewayLink {
  /** Told of events, in their order. */
  onEvent: (told: Told) => void = () => undefined;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<string, Waiting>();
  #challenged = Promise.withResolvers<void>();
  readonly #letClockGo = keepAwakeClock();
  #silence: IdleTimer;
  #lost: LinkLost | undefined;
  #count = 0;

  private constructor(url: string) {
    this.#socket = new WebSocket(url, {
      handshakeTimeout: patienceMs,
      maxPayload: frameBytesMax,
      perMessageDeflate: false,
    });
    this.#silence = this.#watchSilence(patienceMs);
    this.#challenged.promise.catch(() => undefined);
    let problem: string | undefined;
    this.#socket.on("error", ({ message }) => (problem = message || "nobody answers"));
    this.#socket.on("close", (code, reason) => {
      this.#lose(problem ?? (reason.toString() || `it was closed with ${code}`));
    });
    this.#socket.on("message", (data: Buffer) => this.#read(data.toString()));
  }

  /** Resolves when the gateway has let it in. Rejects with `LinkLost`, or `GatewayError` where it is refused. */
  static async open({ url, auth }: GatewayAddress): Promise<GatewayLink> {
    const link = new GatewayLink(url);
    try {
      await link.#challenged.promise;
      const { policy } = await link.request("connect", {
        minProtocol: protocolVersion,
        maxProtocol: protocolVersion,
        client: { id: "cli", mode: "cli", version: contractVersion, platform: process.platform },
        role: "operator",
        scopes: ["operator.read", "operator.write"],
        caps: ["tool-events"],
        ...(auth === undefined ? {} : { auth }),
      });
      link.#silence.stop();
      link.#silence = link.#watchSilence(policy.tickIntervalMs * silentTicksMax);
      return link;
    } catch (cause) {
      link.close();
      throw cause;
    }
  }

  get isLost(): boolean {
    return this.#lost !== undefined;
  }

  /** Rejects with `GatewayError` for a refusal, and with `LinkLost`. */
  async request<M extends Methods>(
    method: M,
    params: SocketMethods[M]["params"],
    onAccepted?: (payload: Payload<M>) => void,
  ): Promise<Payload<M>> {
    if (this.#lost !== undefined) throw this.#lost;
    const id = `r${++this.#count}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const check = (payload: unknown): Payload<M> => {
      assertKnown(method, socketMethods[method].checkPayload(payload, "the payload"));
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the check has just said so
      return payload as Payload<M>;
    };
    const accept = onAccepted && ((payload: unknown): void => onAccepted(check(payload)));
    this.#waiting.set(id, { method, onAccepted: accept, resolve, reject });
    this.#socket.send(JSON.stringify({ type: "req", id, method, params }));
    return check(await promise);
  }

  /** Says so to a gateway that is there, which has a moment to agree: what else there is to do need not wait for it. */
  close(): void {
    this.#silence.stop();
    const late = setTimeout(() => this.#socket.terminate(), this.#socket.readyState === WebSocket.OPEN ? partingMs : 0);
    this.#socket.once("close", () => clearTimeout(late));
    this.#socket.close(1000);
  }

  #watchSilence(ms: number): IdleTimer {
    return new IdleTimer(ms, () => this.#socket.terminate(), awakeMs);
  }

  #lose(why: string): void {
    this.#silence.stop();
    this.#letClockGo();
    this.#lost = new LinkLost(why);
    this.#challenged.reject(this.#lost);
    for (const { reject } of this.#waiting.values()) reject(this.#lost);
    this.#waiting.clear();
  }

  #read(text: string): void {
    this.#silence.touch();
    const frame = parseFrame(text);
    if (frame?.type === "event") this.#tell(frame);
    else if (frame?.type === "res" && typeof frame.id === "string") this.#answer(frame.id, frame);
  }

  #tell({ event, payload }: Frame): void {
    if (typeof event !== "string" || !isEvent(event)) return;
    if (event === "connect.challenge") return this.#challenged.resolve();
    // One that is not known here tells nothing that could be shown.
    if (socketEvents[event](payload, "the payload") !== undefined) return;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the check has just said so
    this.onEvent({ event, payload } as Told);
  }

  #answer(id: string, { ok, payload, error }: Frame): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined) return;
    const isInterim = ok === true && waiting.method === "agent" && isAccepted(payload);
    if (!isInterim) this.#waiting.delete(id);
    try {
      if (isInterim) waiting.onAccepted?.(payload);
      else if (ok === true) waiting.resolve(payload);
      else throw toGatewayError(error);
    } catch (cause) {
      this.#waiting.delete(id);
      waiting.reject(cause as Error);
    }
  }
}

/** What is looked at of a frame; anything may be in it. */
type Frame = Readonly<Partial<Record<"type" | "id" | "event" | "ok" | "payload" | "error", unknown>>>;

function parseFrame(text: string): Frame | undefined {
  try {
    const frame = JSON.parse(text) as unknown;
    return typeof frame === "object" && frame !== null ? frame : undefined;
  } catch {
    // A gateway sends none such; something else is no answer to anything.
    return undefined;
  }
}

function isEvent(name: string): name is keyof SocketEvents {
  return Object.hasOwn(socketEvents, name);
}

function isAccepted(payload: unknown): boolean {
  return typeof payload === "object" && payload !== null && "status" in payload && payload.status === "accepted";
}

function assertKnown(method: string, violation: { readonly message: string } | undefined): void {
  if (violation === undefined) return;
  throw new GatewayError(
    "internal_error",
    `The gateway's answer to '${method}' is none that this version (${contractVersion}) knows: ${violation.message}`,
  );
}

/** The protocol has few codes; which of the gateway's it is, is in the details. */
function toGatewayError(error: unknown): GatewayError {
  const {
    code,
    message = "The gateway refuses it, and does not say why.",
    details,
  } = (error ?? {}) as Partial<FrameError>;
  const own = details?.code ?? "";
  const param = (details as { readonly param?: unknown } | undefined)?.param;
  return new GatewayError(toCode(own, code), message, typeof param === "string" ? { param } : {});
}

function toCode(detail: string, code: FrameError["code"] | undefined): ErrorCode {
  if (isErrorCode(detail)) return detail;
  if (detail === "AUTH_RATE_LIMITED") return "auth_locked";
  if (code === "FORBIDDEN") return "insufficient_scope";
  if (detail.startsWith("AUTH_")) return "invalid_api_key";
  return code === "UNAVAILABLE" ? "overloaded" : "invalid_value";
}

function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCodes, text);
}
