import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { onEnd } from "../../test/end.fixture.ts";

/** A server on a free port until the test is finished. Returns the base URL that an SDK takes. */
export async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve);
  });
  onEnd(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`;
}
