import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";

/** What a reader of the package reads and copies from. */
const documents = [
  "CHANGELOG.md",
  "CODE_OF_CONDUCT.md",
  "CONTRIBUTING.md",
  "README.md",
  "SECURITY.md",
  "clawgate.json5",
  "conformance/README.md",
  "docs",
  "examples",
];

/** What of it is for a checkout only, or too large: the reports that the matrix of servers was made of. */
const left = /\.(?:test|fixture)\.ts$|^docs\/matrix\/reports$/;

export interface PackedFrom {
  readonly root: string;
  readonly dist: string;
  /** Where `root` can be read by everybody: what is not in the package is linked there. */
  readonly sources: string | undefined;
}

/** Copies the documents. What they link to is to be in the package before. */
export function copyPages(from: PackedFrom): void {
  const { root, dist } = from;
  for (const name of documents)
    cpSync(join(root, name), join(dist, name), {
      recursive: true,
      filter: (path) => !left.test(relative(root, path).replaceAll("\\", "/")),
    });
  mendPrograms(join(dist, "examples"));
  mendLinks(from);
}

/** Whoever copies an example has the package, and no sources beside it. */
function mendPrograms(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (!name.endsWith(".ts")) continue;
    const file = join(folder, name);
    const text = readFileSync(file, "utf8");
    writeFileSync(
      file,
      text.replace('"../src/index.ts"', '"clawgate"').replace('"../generated/client/index.ts"', '"clawgate/client"'),
    );
  }
}

/** Of every page in a package. The reference has addresses of its own, which are those of the gateway that serves it. */
export function mendLinks({ root, dist, sources }: PackedFrom): void {
  for (const name of readdirSync(dist, { recursive: true, encoding: "utf8" })) {
    const page = name.replaceAll("\\", "/");
    if (!page.endsWith(".md") || page.startsWith("generated/reference/")) continue;
    const file = join(dist, page);
    writeFileSync(file, toPackedPage(readFileSync(file, "utf8"), toTarget));

    function toTarget(target: string): string | undefined {
      const [path = "", anchor] = target.split("#");
      if (existsSync(join(dist, dirname(page), path))) return target;
      const source = normalize(join(dirname(page), path)).replaceAll("\\", "/");
      if (!existsSync(join(root, source))) throw new Error(`${page} links to ${target}, which is nowhere.`);
      return sources === undefined ? undefined : `${sources}/${source}${anchor === undefined ? "" : `#${anchor}`}`;
    }
  }
}

/** With each relative link as `toTarget` has it; of a link that leads nowhere its words are left. Fences stay as they are. */
export function toPackedPage(text: string, toTarget: (target: string) => string | undefined): string {
  return text
    .split(/(^```[^]*?^```$)/m)
    .map((part) => (part.startsWith("```") ? part : mendProse(part, toTarget)))
    .join("");
}

const isElsewhere = (target: string): boolean => /^(?:[a-z]+:|#)/.test(target);

function mendProse(prose: string, toTarget: (target: string) => string | undefined): string {
  return prose.replaceAll(
    /(!?)\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g,
    (whole, mark: string, words: string, target: string) => {
      if (isElsewhere(target)) return whole;
      const found = toTarget(target);
      return found === undefined ? words : `${mark}[${words}](${found})`;
    },
  );
}
