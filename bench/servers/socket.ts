// The baseline of a connection: ws on a bare node:http server, which says hello to each and keeps it, and answers every call
// with the same few words.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocketServer } from "ws";

const server = createServer((request, response) => {
  request.resume().on("end", () => response.setHeader("content-type", "application/json").end('{"said":"OK"}'));
});
const sockets = new WebSocketServer({ server, perMessageDeflate: false });
sockets.on("connection", (socket) => {
  socket.on("message", () => undefined);
  socket.send('{"type":"event","event":"connect.challenge","payload":{"nonce":"bench","ts":1}}');
});
server.listen(0, "127.0.0.1", () => {
  console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
process.once("SIGTERM", () => process.exit(0));
