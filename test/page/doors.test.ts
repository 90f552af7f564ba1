import OpenAI from "openai";
import { describe, expect } from "vitest";
import { createPlace, run } from "../command.fixture.ts";
import { createGatewayTest, testToken } from "../gateway.fixture.ts";
import { readRows } from "../rows.fixture.ts";
import { connect } from "../socket/client.fixture.ts";
import { hasBrowser, say, signIn, useBrowser } from "./browser.fixture.ts";

const endpoints = { sessions: { enabled: true } };
const test = createGatewayTest({ config: { gateway: { http: { endpoints } } } });

const key = "agent:main:openai-user:ada";

describe.skipIf(!hasBrowser)("one session", () => {
  const open = useBrowser();

  test("is led in turn by the SDK, the socket, `agent` and the page; each sees all turns once and in order", async ({
    gateway,
  }) => {
    const client = new OpenAI({ baseURL: gateway.baseUrl, apiKey: testToken });
    const [talker, observer] = [await connect(gateway), await connect(gateway)];
    await observer.request("sessions.messages.subscribe", { key });
    const opened = await open(gateway.url);
    await opened.page.goto(`${gateway.url}/#agent=main&session=${encodeURIComponent(key)}`);
    await opened.page.reload();
    await signIn(opened);
    const log = opened.page.getByRole("region", { name: "Conversation" });

    const doors: Readonly<Record<string, (message: string, round: number) => Promise<unknown>>> = {
      sdk: (content) =>
        client.chat.completions.create({ model: "openclaw", user: "ada", messages: [{ role: "user", content }] }),
      socket: async (message, round) => {
        await talker.request("chat.send", { sessionKey: key, message, idempotencyKey: `round-${round}` });
        return talker.ended(`round-${round}`);
      },
      agent: (message) => {
        const place = createPlace({ environment: { OPENCLAW_GATEWAY_TOKEN: testToken } });
        return run(place, ["agent", "--url", gateway.url, "--session-key", key, "-m", message]);
      },
      page: async (message) => {
        await opened.page.getByLabel("Message").waitFor();
        await say(opened, message);
        await log.getByText(message.replace("@@echo ", ""), { exact: true }).waitFor();
      },
    };
    const said: string[] = [];
    for (const round of [1, 2]) {
      for (const [door, talk] of Object.entries(doors)) {
        // oxlint-disable-next-line no-await-in-loop -- in turn
        await talk(`@@echo ${door} ${round}`, round);
        said.push(`user: @@echo ${door} ${round}`, `assistant: ${door} ${round}`);
      }
    }

    // The page shows what is said before all of it is stored.
    await expect.poll(() => readRows(gateway.stateFolder, key)).toEqual(said);
    const { messages } = await talker.request("chat.history", { sessionKey: key });
    expect(messages.map(({ role, content }) => `${role}: ${content[0]?.text}`)).toEqual(said);
    const toStored = (): string[] =>
      observer.payloads("session.message").flatMap(({ message: { role, content }, messageSeq }) => {
        return messageSeq === undefined ? [] : [`${role}: ${content[0]?.text}`];
      });
    await observer.until(() => (toStored().length >= said.length ? true : undefined));
    expect(toStored()).toEqual(said);
    await opened.page.reload();
    await signIn(opened);
    await log.getByText("page 2", { exact: true }).waitFor();
    const shown = (await log.textContent()) ?? "";
    const places = said.map((line) => shown.lastIndexOf(line.replace(/^\w+: /, "")));
    expect(places).toEqual(places.toSorted((one, other) => one - other));
    for (const line of said.filter((one) => one.startsWith("user: ")))
      expect(shown.split(line.replace("user: ", ""))).toHaveLength(2);
    const seen = await client.chat.completions.create({
      model: "openclaw",
      user: "ada",
      messages: [{ role: "user", content: "@@messages" }],
    });
    const heard = JSON.parse(seen.choices[0]?.message.content ?? "") as { role: string; content: string }[];
    expect(heard.map(({ role, content }) => `${role}: ${content}`)).toEqual([...said, "user: @@messages"]);
  });
});
