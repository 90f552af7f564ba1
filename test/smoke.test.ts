import { expect } from "vitest";
import { test } from "./gateway.fixture.ts";

test("an agent answers, whole and streamed", async ({ gateway }) => {
  const { chat } = gateway;
  const body = { model: "openclaw", messages: [{ role: "user", content: "@@echo hi there" }] };
  const whole = (await (await chat(body)).json()) as { choices: { message: { content: string } }[] };
  expect(whole.choices[0]?.message.content).toBe("hi there");
  const streamed = await (await chat({ ...body, stream: true })).text();
  expect(streamed).toMatch(/data: \[DONE\]\n\n$/);
});
