// Run in a process of its own, whose environment names proxies: fetches one image from this port of loopback.
import { buildConnector } from "undici";
import { createMediaGate } from "../run/media/media-gate.ts";

const port = process.argv[2] ?? "";
const gate = createMediaGate(
  {
    imagesMax: 1,
    bytesMax: 1000,
    pixelsMax: 1000,
    imageUrls: { enabled: true, allowedHosts: [], bytesMax: 1000, timeoutMs: 10_000 },
  },
  {
    lookup: () => Promise.resolve([{ address: "93.184.216.34", family: 4 }]),
    connectTo: () => {
      const connect = buildConnector({});
      return (target, done) => connect({ ...target, hostname: "127.0.0.1" }, done);
    },
  },
);
const url = `http://img.example:${port}/`;
const [message] = await gate.admit(
  [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
  new AbortController().signal,
);
const part = Array.isArray(message?.content) ? message.content[0] : undefined;
process.stdout.write(part?.type === "image_url" ? part.image_url.url : "nothing");
