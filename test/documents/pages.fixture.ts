// The pages of the documentation, and what tests look at in them.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const root = join(import.meta.dirname, "../..");
export const read = (path: string): string => readFileSync(join(root, path), "utf8");

const listFolder = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".md"))
    .map((name) => `${folder}/${name}`);

/** All that a reader of the repository comes to, from the root. */
export const pages = [
  "README.md",
  "CHANGELOG.md",
  "CODE_OF_CONDUCT.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "conformance/README.md",
  "contract/README.md",
  ...listFolder("docs"),
].toSorted();

export interface Fence {
  readonly page: string;
  /** Of its first line of text, counted from 1. */
  readonly line: number;
  readonly language: string;
  readonly text: string;
  /** The paragraph before it. */
  readonly before: string;
}

export function fencesOf(page: string): Fence[] {
  const text = read(page);
  return [...text.matchAll(/^```([\w-]*)\n([\s\S]*?)^```$/gm)].map(({ index, 1: language = "", 2: body = "" }) => {
    const above = text.slice(0, index);
    return {
      page,
      line: above.split("\n").length + 1,
      language,
      text: body,
      before:
        above
          .trimEnd()
          .split(/\n{2,}/)
          .at(-1) ?? "",
    };
  });
}

/** A page without its fences, in which links and headings are looked for. */
export const proseOf = (page: string): string => toProse(read(page));

const toProse = (text: string): string => text.replaceAll(/^```[\s\S]*?^```$/gm, "");

export interface Link {
  /** From where the pages are. */
  readonly file: string;
  readonly anchor: string | undefined;
}

export const linksOf = (page: string): Link[] => linksIn(read(page), page);

/** The relative links of a text that stands at `page`, those of its pictures among them. */
export function linksIn(text: string, page: string): Link[] {
  const prose = toProse(text);
  const targets = [
    ...[...prose.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = ""]) => target),
    ...[...prose.matchAll(/(?:src|srcset|href)="([^"]+)"/g)].map(([, target = ""]) => target),
  ];
  return targets
    .filter((target) => !/^(?:https?|mailto):/.test(target))
    .map((target) => {
      const [path = "", anchor] = target.split("#");
      return { file: path === "" ? page : normalize(join(dirname(page), path)), anchor };
    });
}

/** The anchors of a page: those that it has itself, and those that GitHub makes of its headings. */
export function anchorsOf(page: string): Set<string> {
  const anchors = new Set<string>();
  for (const [, own = ""] of proseOf(page).matchAll(/<a id="([^"]+)"><\/a>/g)) anchors.add(encodeURI(own));
  for (const [, heading = ""] of proseOf(page).matchAll(/^#{1,6} (.+)$/gm)) {
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\p{M}\s_-]/gu, "").replaceAll(/\s/g, "-");
    let [anchor, copies] = [slug, 0];
    while (anchors.has(anchor)) anchor = `${slug}-${++copies}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** The cells of every table row whose first cell is code, without the code marks, its link and its anchor. */
export function rowsOf(text: string): string[][] {
  const bare = text.replaceAll(/<a id="[^"]+"><\/a>/g, "").replaceAll(/^\| *\[(`[^`]+`)\]\([^)]+\)/gm, "| $1");
  return [...bare.matchAll(/^\| *`(.*)\|$/gm)].map(([, row = ""]) => {
    const [first = "", ...others] = `\`${row}`.split(/ *\| */);
    return [first.replaceAll("`", ""), ...others].map((cell) => cell.trim());
  });
}
