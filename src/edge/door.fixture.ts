import { once } from "node:events";
import { createServer, type RequestListener, type Server, type ServerResponse } from "node:http";
import { connect, type Socket } from "node:net";
import { onTestFinished } from "vitest";
import { boundPipelines, type PipelineLimits } from "./pipelines.ts";

export interface Door {
  readonly server: Server;
  /** The requests that have begun, in order. */
  readonly begun: { readonly path: string; readonly response: ServerResponse }[];
  /** The paths of the requests that Node has made of what came, in order. */
  readonly parsed: string[];
  /** The gateway's ends of the connections. */
  readonly open: ReadonlySet<Socket>;
  readonly cuts: () => number;
  /** Opens a connection. */
  readonly dial: () => Promise<Socket>;
  /** Sends requests for these paths at once on a connection of its own. */
  readonly send: (...paths: string[]) => Promise<Socket>;
  /** Makes a flood; all connections are read in portions from now on, and so are those that come within a second. */
  readonly flood: () => Promise<void>;
}

export const toRequests = (paths: readonly string[]): string =>
  paths.map((path) => `GET ${path} HTTP/1.1\r\nhost: x\r\n\r\n`).join("");

/** A port whose pipelines are bounded, and requests that wait for the test to be answered, unless `onRequest` answers. */
export async function openDoor(
  limits: Partial<PipelineLimits>,
  onRequest?: (response: ServerResponse) => void,
): Promise<Door> {
  const begun: Door["begun"] = [];
  const parsed: string[] = [];
  let cuts = 0;
  const listener: RequestListener = ({ url = "" }, response) => {
    begun.push({ path: url, response });
    onRequest?.(response);
  };
  const open = new Set<Socket>();
  const pipelines = boundPipelines(listener, {
    runningMax: 2,
    waitingMax: 3,
    onCut: () => cuts++,
    connections: () => open,
    ...limits,
  });
  const server = createServer((request, response) => {
    parsed.push(request.url ?? "");
    pipelines.listener(request, response);
  });
  server.on("connection", (socket) => {
    open.add(socket);
    socket.once("close", () => open.delete(socket));
    pipelines.accept(socket);
  });
  server.on("upgrade", ({ socket }) => pipelines.leave(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const dial: Door["dial"] = async () => {
    const socket = connect(address.port, "127.0.0.1").on("error", () => undefined);
    onTestFinished(() => void socket.destroy());
    await once(socket, "connect");
    return socket;
  };
  const send: Door["send"] = async (...paths) => {
    const socket = await dial();
    socket.write(toRequests(paths));
    return socket;
  };
  const flood: Door["flood"] = async () => {
    const socket = await send(...Array.from({ length: 300 }, () => "/flood"));
    while (!parsed.includes("/flood")) await once(server, "request");
    const [end] = [...open].filter(({ remotePort }) => remotePort === socket.localPort);
    end?.destroy();
    if (end !== undefined) await once(end, "close");
    begun.splice(0);
    parsed.splice(0);
  };
  return { server, begun, parsed, open, cuts: () => cuts, dial, send, flood };
}
