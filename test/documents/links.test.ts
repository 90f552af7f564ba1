// Every link of the documentation leads somewhere, down to the heading that it names, and every page is found.
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { anchorsOf, linksOf, pages, proseOf, read, root } from "./pages.fixture.ts";

test.for(pages)("every link of %s leads somewhere", (page) => {
  const missing = linksOf(page).flatMap(({ file, anchor }) => {
    if (!existsSync(join(root, file))) return [file];
    const known = anchor === undefined || (file.endsWith(".md") && anchorsOf(file).has(anchor));
    return known ? [] : [`${file}#${anchor}`];
  });
  expect(missing).toEqual([]);
});

test("every page of docs/ is reached from its list, which the README names", () => {
  const listed = new Set(linksOf("docs/README.md").map(({ file }) => file));
  const reached = new Set([...listed, ...[...listed].filter((file) => pages.includes(file)).flatMap(linkedFiles)]);
  expect(pages.filter((page) => page.startsWith("docs/") && !reached.has(page) && page !== "docs/README.md")).toEqual(
    [],
  );
  expect(linkedFiles("README.md")).toContain("docs/README.md");
});

const linkedFiles = (page: string): string[] => linksOf(page).map(({ file }) => file);

test("the README is one that is read: at most 150 lines", () => {
  expect(read("README.md").split("\n").length - 1).toBeLessThanOrEqual(150);
});

test("no page says a paragraph that another one says", () => {
  const seen = new Map<string, string>();
  const twice: string[] = [];
  for (const page of pages) {
    for (const paragraph of proseOf(page).split(/\n{2,}/)) {
      const words = paragraph.replaceAll(/\]\([^)]*\)/g, "]").replaceAll(/\s+/g, " ");
      if (words.length < 160) continue;
      const other = seen.get(words);
      if (other !== undefined && other !== page) twice.push(`${other} and ${page}: ${words.slice(0, 60)}`);
      seen.set(words, page);
    }
  }
  expect(twice).toEqual([]);
});

test("the two pictures of the overview differ in their colours only", () => {
  const bare = (theme: string): string => read(`docs/images/overview-${theme}.svg`).replaceAll(/#[0-9a-f]{6}/g, "#");
  expect(bare("dark")).toBe(bare("light"));
  expect(statSync(join(root, "docs/images/overview-light.svg")).size).toBeLessThan(8000);
});
