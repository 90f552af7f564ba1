import type { Page } from "playwright-core";
import { describe, expect } from "vitest";
import { playSay } from "../../src/tool/mcp/scripted-server.fixture.ts";
import { createGatewayTest, startTestGateway } from "../gateway.fixture.ts";
import type { Script } from "../upstream/servers/script.fixture.ts";
import { startUpstream } from "../upstream/servers/upstream.fixture.ts";
import { findBarriers } from "./barriers.fixture.ts";
import { hasBrowser, say, signIn, useBrowser } from "./browser.fixture.ts";

const withSessions = { gateway: { http: { endpoints: { sessions: { enabled: true } } } } };
const test = createGatewayTest({ config: withSessions });

const conversation = (page: Page) => page.getByRole("region", { name: "Conversation" });

describe.skipIf(!hasBrowser)("the page in a browser", () => {
  const open = useBrowser();

  test("a wrong token is told, and the right one opens the page; a reload forgets it", async ({ gateway }) => {
    const opened = await open(gateway.url);
    const { page, complaints } = opened;
    await signIn(opened, "wrong-token-0123456789");
    await expect.poll(() => page.getByRole("alert").textContent()).toBe("That is not the token of this gateway.");
    // The browser itself notes every 401.
    expect(complaints.splice(0)).toEqual([expect.stringContaining("401")]);
    await signIn(opened);
    await page.getByLabel("Message").waitFor();
    expect(await page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]")).toEqual([0, 0, ""]);
    expect(page.url()).not.toContain("token");
    await page.reload();
    await page.getByLabel("Token").waitFor();
  });

  test("the icon that the page names is one that the browser can draw, and a tab that asks by itself finds it", async ({
    gateway,
  }) => {
    const { page } = await open(gateway.url);
    const named = await page.locator('link[rel="icon"]').evaluate((link: { href: string }) => link.href);
    expect(named).toBe(`${gateway.url}/favicon.ico`);
    const drawn = await page.evaluate<number>(
      "(async () => { const icon = new Image(); icon.src = 'favicon.ico'; await icon.decode(); return icon.naturalWidth; })()",
    );
    expect(drawn).toBeGreaterThan(0);
  });

  test("an answer streams, with its reasoning and its use of tokens, and is in the transcript", async ({ gateway }) => {
    const opened = await open(gateway.url);
    const { page } = opened;
    await signIn(opened);
    await say(opened, "@@reason Let me see.\n@@words 40 delay=25ms");
    const log = conversation(page);
    await log.getByText("word3", { exact: false }).waitFor();
    expect(await log.textContent()).not.toContain("word39");
    await log.getByText(/\d+ tokens in, 40 out|tokens in/).waitFor();
    expect(await log.textContent()).toMatch(/Let me see\..*word0 word1.*word39/s);
    await page.getByRole("navigation", { name: "Agents and sessions" }).getByText("2 messages").waitFor();
    await page.reload();
    await signIn(opened);
    await log.getByText("word39").waitFor();
    await page.getByRole("button", { name: "New session" }).click();
    await log.getByText("Nothing was said here yet.").waitFor();
    await page
      .getByRole("button", { name: /2 messages/ })
      .first()
      .click();
    await log.getByText("word39").waitFor();
  });

  test("Escape ends a run, and the gateway has no turn of it", async ({ gateway }) => {
    const opened = await open(gateway.url);
    const { page } = opened;
    await signIn(opened);
    await say(opened, "@@words 10000 delay=50ms");
    await conversation(page).getByText("word2").waitFor();
    await page.keyboard.press("Escape");
    await conversation(page).getByText("Stopped.").waitFor();
    const session = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("session") ?? "";
    const runs = await gateway.request(`/v1/runs?session=${encodeURIComponent(session)}`);
    expect(await runs.json()).toMatchObject({ data: [{ state: "cancelled" }] });
    expect((await gateway.request(`/v1/sessions/${encodeURIComponent(session)}`)).status).toBe(404);
  });

  test("before its first word a run is ended too", async ({ gateway }) => {
    // The browser notes the status of a call that was cancelled, if the page has not left it before.
    const opened = await open(gateway.url, {}, /409/);
    const { page } = opened;
    await signIn(opened);
    await say(opened, "@@hang");
    await page.getByRole("button", { name: "Stop" }).click();
    await page.getByText("Stopped.").first().waitFor();
    const session = new URLSearchParams(new URL(page.url()).hash.slice(1)).get("session") ?? "";
    const look = async (): Promise<unknown> =>
      (await gateway.request(`/v1/runs?session=${encodeURIComponent(session)}`)).json();
    await expect.poll(look).toMatchObject({ data: [{ state: "cancelled" }] });
  });

  test("a detached run goes on over a reload, and is whole at its end", async ({ gateway }) => {
    const opened = await open(gateway.url);
    const { page } = opened;
    await signIn(opened);
    await say(opened, "@@words 60 delay=50ms");
    await conversation(page).getByText("word2").waitFor();
    expect(page.url()).toMatch(/&run=run_[0-9a-f]{36}$/);
    await page.reload();
    await signIn(opened);
    await conversation(page).getByText("word5").waitFor();
    await conversation(page).getByText("word59").waitFor();
    await conversation(page).getByText("@@words 60").waitFor();
    const shown = await conversation(page).textContent();
    for (let word = 0; word < 60; word++) expect(shown?.match(new RegExp(`word${word}(?!\\d)`, "g"))).toHaveLength(1);
    await expect.poll(() => page.url()).not.toContain("run=");
  });

  test("the snippets have this gateway's address, and not the token", async ({ gateway }) => {
    const opened = await open(gateway.url);
    const { page } = opened;
    await signIn(opened);
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    const headings = await page.locator(".snippet h3").allTextContents();
    expect(headings.join()).toMatch(/curl.*OpenAI SDK.*Open WebUI.*LangChain.*AI SDK.*opencode/);
    for (const text of (await page.locator(".snippet pre").allTextContents()).slice(0, 8))
      expect(text).toContain(`${gateway.url}/v1`);
    expect(await page.content()).not.toContain("test-token");
    expect(await findBarriers(page)).toEqual([]);
  });

  test.for(["light", "dark"] as const)(
    "in a %s window of 320 px nothing is cut off, and axe finds nothing serious",
    async (colorScheme, { gateway }) => {
      const opened = await open(gateway.url, { colorScheme, viewport: { width: 320, height: 640 } });
      const { page } = opened;
      const look = async (): Promise<void> => {
        expect(await findBarriers(page)).toEqual([]);
        expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
        // Nor does what scrolls by itself, but for code.
        const wide =
          "[...document.querySelectorAll('.transcript, .sessions, main')].filter((box) => box.scrollWidth > box.clientWidth).length";
        expect(await page.evaluate(wide)).toBe(0);
      };
      await look();
      await signIn(opened);
      await say(opened, `@@reason ${"thought ".repeat(40)}\n@@echo ${"long".repeat(80)} and words`);
      await conversation(page).getByText("tokens in").waitFor();
      await look();
      await page.getByRole("button", { name: "Connect", exact: true }).click();
      await look();
      const ground = await page.evaluate("getComputedStyle(document.documentElement).backgroundColor");
      expect(ground).toBe(colorScheme === "light" ? "rgb(255, 255, 255)" : "rgb(21, 24, 28)");
    },
  );

  test("tools inside the gateway are shown while they run, and in the transcript", async () => {
    const scripts: readonly Script[] = [
      [{ reasoning: "I should ask. " }, { call: { id: "call_a", name: "fixture__say", args: { text: "hi" } } }],
      [{ text: "It said hi." }],
    ];
    const { baseUrl } = await startUpstream("openai-chat", (_, count) => scripts[count % scripts.length] ?? []);
    const gateway = await startTestGateway({
      config: {
        ...withSessions,
        models: { providers: { house: { api: "openai-completions", baseUrl } } },
        mcp: { servers: { fixture: await playSay() } },
        agents: { list: [{ id: "main", model: "house/größe-100%", tools: { fixture: ["*"] } }] },
      },
    });
    const opened = await open(gateway.url);
    const { page } = opened;
    await signIn(opened);
    await say(opened, "What?");
    await conversation(page).getByText("It said hi.").waitFor();
    await conversation(page).getByText("fixture__say").waitFor();
    expect(await conversation(page).textContent()).toMatch(/I should ask\..*done fixture__say.*It said hi\./s);
    await conversation(page).getByText("house/größe-100%", { exact: true }).waitFor();
    await page.reload();
    await signIn(opened);
    await conversation(page).getByText("It said hi.").waitFor();
    expect(await conversation(page).textContent()).toMatch(/called fixture__say.*result/s);
  });

  test("where sessions and runs are switched off the page says so, and talks", async () => {
    const gateway = await startTestGateway({
      config: { gateway: { http: { endpoints: { runs: { enabled: false } } } } },
    });
    // The browser notes each 404 by which the page learns it, and the last one may come as late as the test ends.
    const opened = await open(gateway.url, {}, /404/);
    const { page } = opened;
    await signIn(opened);
    await page.getByText("gateway.http.endpoints.sessions.enabled").waitFor();
    await say(opened, "@@echo Here I am.");
    await conversation(page).getByText("Here I am.", { exact: true }).waitFor();
    await page.getByText("tokens in").waitFor();
    await say(opened, "@@words 10000 delay=50ms");
    await conversation(page).getByText("word2").waitFor();
    await page.getByRole("button", { name: "Stop" }).click();
    await conversation(page).getByText("Stopped.").waitFor();
  });
});
