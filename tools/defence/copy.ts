import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { applyEdit, type Edit } from "./break.ts";

/** A copy of the checkout as it is now, committed or not, whose files may be changed; the packages are those of the checkout. */
export interface Copy {
  readonly root: string;
  /** Changes files, and what is generated from them; the returned function puts all back. */
  readonly change: (edits: readonly Edit[]) => () => void;
  readonly remove: () => void;
}

const packages = ["node_modules", "test/client/node_modules", "tools/node/node_modules"];

export function createCopy(checkout: string): Copy {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "clawgate-proof-")));
  const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
    cwd: checkout,
    encoding: "utf8",
  });
  for (const file of new Set(listed.split("\0"))) {
    if (file === "" || !existsSync(join(checkout, file))) continue;
    mkdirSync(dirname(join(root, file)), { recursive: true });
    copyFileSync(join(checkout, file), join(root, file));
  }
  for (const folder of packages) {
    if (existsSync(join(checkout, folder))) symlinkSync(join(checkout, folder), join(root, folder));
  }
  return {
    root,
    change: (edits) => change(root, edits),
    remove: () => rmSync(root, { recursive: true, force: true }),
  };
}

function change(root: string, edits: readonly Edit[]): () => void {
  const were = new Map<string, string>();
  for (const edit of edits) {
    const file = join(root, edit.file);
    if (!were.has(file)) were.set(file, readFileSync(file, "utf8"));
    writeFileSync(file, applyEdit(root, edit));
  }
  const generate = (): void => {
    if (!edits.some(({ file }) => file.startsWith("openapi/"))) return;
    execFileSync(process.execPath, ["openapi/generate.ts"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  };
  generate();
  return () => {
    for (const [file, text] of were) writeFileSync(file, text);
    generate();
  };
}
