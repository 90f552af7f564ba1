import { expect, test } from "vitest";
import type { Exchange } from "../lens/exchange.ts";
import { toProbeDeath } from "./death.ts";

const call = (end: Exchange["end"], failure?: string): Exchange => ({
  method: "POST",
  url: "http://127.0.0.1:8000/v1/chat/completions",
  requestHeaders: {},
  requestBody: "",
  status: end === "none" ? 0 : 200,
  headers: {},
  reads: [],
  endMs: 1,
  end,
  ...(failure === undefined ? {} : { failure }),
});

const whole = call("complete");
const broken = call("none", "socket hang up");
const refused = call("none", "connect ECONNREFUSED 127.0.0.1:8000");
const said = "the server stopped answering while it was probed for";

test.for([
  {
    what: "the probes that waited for an answer, and not those that had one, asked nobody or asked nothing",
    asked: { models: [whole], tools: [broken], memory: [whole, call("cut")], cors: [refused], own: [] },
    message: `${said} tools, memory (POST /v1/chat/completions: socket hang up), before the first case`,
    calls: 3,
  },
  {
    what: "all of them where nobody was there for any",
    asked: { models: [refused], tools: [{ ...refused }] },
    message: `${said} models, tools (POST /v1/chat/completions: connect ECONNREFUSED 127.0.0.1:8000), before the first case`,
    calls: 2,
  },
])("a death is laid at the door of $what", ({ asked, message, calls }) => {
  const death = toProbeDeath(new Map(Object.entries(asked)));
  expect(death.message).toBe(message);
  expect(death.exchanges).toHaveLength(calls);
  expect(death.cases).toEqual([]);
});
