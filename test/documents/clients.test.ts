// What the pages of docs/clients/ say that a client sends is what it has sent in the recordings of test/client/.
import { expect, test } from "vitest";
import { type CommandLine, commandLines } from "../client/command-lines/command-lines.fixture.ts";
import { readRecording } from "../client/command-lines/recording.fixture.ts";
import { read } from "./pages.fixture.ts";

const pages = { opencode: "opencode", continue: "continue", cline: "cline", qwen: "qwen-code" } as const;

/** The rows of a client's table, of all that it has sent. */
function toRows(name: keyof typeof pages): string[][] {
  const { package: version, question, task } = readRecording(name);
  const requests = [...question, ...task];
  const names = (lists: readonly object[]): string[] => [...new Set(lists.flatMap((list) => Object.keys(list)))];
  const quote = (list: readonly string[]): string => list.map((one) => `\`${one}\``).join(", ") || "none";
  const headers = names(requests.map((request) => request.headers)).filter(
    (header) => !header.startsWith("x-stainless-"),
  );
  const ignored = (commandLines[name] as CommandLine).ignored ?? [];
  return [
    ["recorded of", `\`${version}\``],
    ["fields", quote(names(requests.map(({ body }) => body)))],
    ["headers of its own", quote(headers)],
    [
      "roles",
      quote([
        ...new Set(requests.flatMap(({ body }) => body["messages"] as { role: string }[]).map(({ role }) => role)),
      ]),
    ],
    ["fields that no model sees", quote(ignored)],
  ];
}

test.for(Object.entries(pages))("docs/clients has of %s what it has sent", ([name, page]) => {
  const text = read(`docs/clients/${page}.md`);
  const rows = [...text.matchAll(/^\| (?!---|it sends)(.+?) +\| (.+?) +\|$/gm)].map(([, what = "", value = ""]) => [
    what.trim(),
    value.trim(),
  ]);
  expect(rows).toEqual(toRows(name as keyof typeof pages));
});
