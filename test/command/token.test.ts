import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { createPlace, run, startCommand, usual } from "../command.fixture.ts";
import { runProcess } from "../process.fixture.ts";

function modeOf(path: string): string {
  return (statSync(path).mode & 0o777).toString(8);
}

test("the first start makes a token that its owner alone can read, and does not show it", async () => {
  const place = createPlace({ config: usual });
  const gateway = await startCommand(place);
  const path = join(place.stateFolder, "token");
  const token = readFileSync(path, "utf8").trim();
  expect(token).toMatch(/^[0-9a-f]{64}$/);
  expect(modeOf(path)).toBe("600");
  expect(modeOf(place.stateFolder)).toBe("700");
  expect((await run(place, ["token"])).output).toBe(`${token}\n`);
  const answers = await Promise.all(
    [token, `${token}0`].map((each) =>
      gateway.fetch(`${gateway.url}/v1/models`, { headers: { authorization: `Bearer ${each}` } }),
    ),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 401]);
  const { output, notes } = await gateway.stop();
  expect(output).toContain("clawgate token");
  expect(output + notes).not.toContain(token);
});

test("`token` makes a token where there is none, and the next start keeps it", async () => {
  const place = createPlace({ config: usual });
  const first = await run(place, ["token"]);
  expect(first).toMatchObject({ status: 0, notes: "" });
  const gateway = await startCommand(place, first.output.trim());
  const answer = await gateway.chat({ model: "openclaw", messages: [{ role: "user", content: "hi" }] });
  expect(answer.status).toBe(200);
  expect((await run(place, ["token"])).output).toBe(first.output);
});

test("several first starts at once agree on one token", async () => {
  const place = createPlace({ config: usual });
  const ends = await Promise.all(Array.from({ length: 3 }, () => runProcess(place, ["token"])));
  expect(ends.map(({ status }) => status)).toEqual([0, 0, 0]);
  expect(new Set(ends.map(({ output }) => output)).size).toBe(1);
});

test("a stored token that others may read is taken from them", async () => {
  const place = createPlace({ config: usual });
  mkdirSync(place.stateFolder, { mode: 0o700 });
  const path = join(place.stateFolder, "token");
  writeFileSync(path, "an-older-token-0123456789\n", { mode: 0o644 });
  expect((await run(place, ["token"])).output).toBe("an-older-token-0123456789\n");
  expect(modeOf(path)).toBe("600");
});

test("a stored token is held to the same strength off loopback as a configured one", async () => {
  const place = createPlace({ config: { gateway: { ...usual.gateway, bind: "lan" } } });
  mkdirSync(place.stateFolder, { mode: 0o700 });
  writeFileSync(join(place.stateFolder, "token"), "weak\n", { mode: 0o600 });
  const outcome = await startCommand(place).then(
    ({ url }) => `It listens on ${url}.`,
    (error: Error) => error.message,
  );
  expect(outcome).toMatch(/status 2.*24/);
});

test("`token` prints the secret that is configured, and makes no file", async () => {
  const environment = { OPENCLAW_GATEWAY_PASSWORD: "a-password-of-the-environment" };
  const config = { gateway: { auth: { mode: "password" } } };
  const place = createPlace({ config, environment });
  expect((await run(place, ["token"])).output).toBe("a-password-of-the-environment\n");
  expect(existsSync(join(place.stateFolder, "token"))).toBe(false);
  const none = await run(createPlace({ config: { gateway: { auth: { mode: "none" } } } }), ["token"]);
  expect(none).toMatchObject({ status: 2, output: "", notes: expect.stringMatching(/gateway\.auth\.mode/) as string });
});
