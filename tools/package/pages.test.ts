import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { linksIn } from "../../test/documents/pages.fixture.ts";
import { toPackedPage } from "./pages.ts";

// A reader of an installed package has its files and nothing else.

const root = join(import.meta.dirname, "../..");

/** What npm would put into the tarball. */
function listPacked(folder: string): string[] {
  const said = execFileSync("npm", ["pack", `./${folder}`, "--dry-run", "--json"], { cwd: root, encoding: "utf8" });
  const [packed] = Object.values(JSON.parse(said) as Record<string, { files: { path: string }[] }>);
  return packed?.files.map(({ path }) => path) ?? [];
}

describe.each([
  ["dist", ["README.md", "docs/models.md", "SECURITY.md", "conformance/README.md", "generated/config.md"]],
  ["dist-conformance", ["README.md", "catalogue.md"]],
])("%s", (folder, some) => {
  test("each relative link of each page leads to a file of the same tarball", () => {
    const files = listPacked(folder);
    const pages = files.filter((path) => path.endsWith(".md") && !path.startsWith("generated/reference/"));
    expect(pages).toEqual(expect.arrayContaining(some));
    const isThere = (target: string): boolean =>
      files.includes(target) || files.some((path) => path.startsWith(target.replace(/\/?$/, "/")));
    const dead = pages.flatMap((page) =>
      linksIn(readFileSync(join(root, folder, page), "utf8"), page)
        .filter(({ file }) => !isThere(file))
        .map(({ file }) => `${page}: ${file}`),
    );
    expect(dead).toEqual([]);
  });
});

describe("a page of the package", () => {
  const toTarget = (target: string): string | undefined =>
    target.startsWith("src/") ? `https://forge.example/blob/v1/${target}` : target === "gone.ts" ? undefined : target;

  test.each([
    ["[a](docs/a.md#b)", "[a](docs/a.md#b)"],
    [
      "see [the `code`](src/a.ts), and [b](src/b.ts#L1)",
      "see [the `code`](https://forge.example/blob/v1/src/a.ts), and [b](https://forge.example/blob/v1/src/b.ts#L1)",
    ],
    ["[`list[0]` of it](gone.ts) and ![a picture](gone.ts).", "`list[0]` of it and a picture."],
    [
      "[x](https://a.example/gone.ts) [y](#gone.ts) [z](mailto:gone.ts)",
      "[x](https://a.example/gone.ts) [y](#gone.ts) [z](mailto:gone.ts)",
    ],
    ["a\n\n```md\n[a](gone.ts)\n```\n\n[a](gone.ts)", "a\n\n```md\n[a](gone.ts)\n```\n\na"],
  ])("has of %j what leads somewhere", (text, want) => {
    expect(toPackedPage(text, toTarget)).toBe(want);
  });
});
