import { expect } from "vitest";
import type { Run } from "../../src/base/contract.ts";
import { test } from "../gateway.fixture.ts";
import { connect } from "../socket/client.fixture.ts";
import type { List } from "../session/rest.fixture.ts";
import { findRun, readEvents, toText } from "./runs.fixture.ts";

test("a run that came over a WebSocket is read over HTTP like any other, the same each time", async ({ gateway }) => {
  const socket = await connect(gateway);
  const sent = { sessionKey: "doors", message: "@@words 30 delay=5ms", idempotencyKey: "doors" };
  await socket.request("chat.send", sent);
  const list = (await (await gateway.request("/v1/runs?session=agent:main:doors")).json()) as List<Run>;
  expect(list.data).toMatchObject([{ detached: true, logged: true, session_key: "agent:main:doors" }]);
  const id = list.data[0]?.id ?? "";
  const live = await readEvents(gateway, id);
  expect(toText(live)).toMatch(/^word0 .* word29$/);
  expect(await readEvents(gateway, id)).toEqual(live);
  const { completion } = await findRun(gateway, id);
  expect(completion).toMatchObject({ model: "openclaw/main", choices: [{ message: { content: toText(live) } }] });
  expect(JSON.parse(live[0]?.data ?? "")).toMatchObject({ id: completion?.id, created: completion?.created });
});
