import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

/** One source file, by its path from the root of the repository. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** Reads the folders that exist, without generated code and dependencies. */
export function loadFiles(root: string, folders: readonly string[]): SourceFile[] {
  return folders
    .flatMap((folder) => listFiles(join(root, folder)))
    .map((path) => ({
      path: relative(root, path).replaceAll("\\", "/"),
      text: readFileSync(path, "utf8"),
    }));
}

function listFiles(folder: string): string[] {
  try {
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile() && /\.[cm]?[tj]s$/.test(entry.name));
    return files.map((entry) => join(entry.parentPath, entry.name)).filter((path) => !path.includes("node_modules"));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

/** Code for tests, known by its name or by what it imports. It may import anything, and nothing else imports it. */
export function isTestFile({ path, text = "" }: { readonly path: string; readonly text?: string }): boolean {
  return /\.(?:test|test-d|fixture)\.ts$/.test(path) || /^(?:import\b.*|\}) from "vitest";$/m.test(text);
}
