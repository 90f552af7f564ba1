import { defineCases } from "../case.ts";
import type { CaseContext } from "../context.ts";
import { expectThat } from "../expect.ts";
import { toHead } from "../lens/socket.ts";
import { provokeErrors } from "./errors-provoked.ts";

/** Errors that the HTTP server or a proxy makes before any handler runs. */
export const errorHttpCases = defineCases([
  {
    id: "ERR-22",
    level: "MUST",
    requirement:
      "No error is an HTML page, whoever makes it: unknown paths, wrong methods, oversized headers, malformed HTTP.",
    source: "The SDK shows the page as the message, every major; web-infra-dev/midscene#2741",
    finds: ["error-page", "error-page-for-unknown-path"],
    async run(context) {
      for (const { what, answer } of await provokeErrors(context))
        expectNoHtml(answer.headers["content-type"] ?? "", answer.text, what);
      const post = (line: string): string => toHead(context.subject, "POST", "/chat/completions", [line]);
      expectNoHtml("", await askRaw(context, "GARBAGE\r\n\r\n"), "a malformed request line");
      expectNoHtml("", await askRaw(context, post("Broken header line")), "a malformed header");
      expectNoHtml("", await askRaw(context, post(`X-Large: ${"x".repeat(100_000)}`)), "100 kB of headers");
    },
  },
]);

function expectNoHtml(type: string, text: string, what: string): void {
  const isPage =
    /html/i.test(type) || /<(?:!doctype|html|head|body)\b/i.test(text) || /content-type: *text\/html/i.test(text);
  expectThat(!isPage, `no HTML for ${what}`, text.slice(0, 300) || type);
}

/** Everything that comes back, head included; nothing if the connection is cut. */
async function askRaw({ connect }: CaseContext, bytes: string): Promise<string> {
  const connection = await connect();
  connection.write(bytes);
  // Whoever neither answers nor closes has sent no page; that it hangs is the matter of other cases.
  await connection.waitForEnd(2000).catch(() => "");
  connection.close();
  return connection.received;
}
