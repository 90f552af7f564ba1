import { authentication, guessing } from "./authentication.ts";
import { browsers, proxies } from "./browsers.ts";
import { connections, framing, routes } from "./http.ts";
import { bodies, fetches } from "./input.ts";
import { load, logs, starts } from "./operation.ts";
import { dependencies, fuzzing, sockets } from "./process.ts";
import type { DefenceGroup } from "./row.ts";
import { sessions, streams, upstreams } from "./runs.ts";
import { storage } from "./storage.ts";

export const groups: readonly DefenceGroup[] = [
  { title: "Who gets in", rows: authentication },
  { title: "Guessing", rows: guessing },
  { title: "Browsers", rows: browsers },
  { title: "Proxies and addresses", rows: proxies },
  { title: "Framing of HTTP", rows: framing },
  { title: "Connections and slow clients", rows: connections },
  { title: "Routes, methods, media types", rows: routes },
  { title: "JSON and the contract", rows: bodies },
  { title: "Images, and what the gateway fetches", rows: fetches },
  { title: "Agents and sessions", rows: sessions },
  { title: "Streams", rows: streams },
  { title: "WebSocket", rows: sockets },
  { title: "Models that misbehave", rows: upstreams },
  { title: "Nothing is lost", rows: storage },
  { title: "Load", rows: load },
  { title: "Start, reload, stop", rows: starts },
  { title: "Logs and secrets", rows: logs },
  { title: "Fuzzing and static checks", rows: fuzzing },
  { title: "Dependencies and runtime", rows: dependencies },
];
