// What a release is made of, and what the repository itself is held by on GitHub.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parse } from "yaml";
import { notesOf, settleChangelog } from "../../tools/release/changelog.ts";
import { readVersions } from "../../tools/release/places.ts";

const root = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");

interface Step {
  readonly uses?: string;
  readonly run?: string;
}
interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, { readonly "timeout-minutes": number; readonly steps: readonly Step[] }>>;
}
interface Form {
  readonly name: string;
  readonly description: string;
  readonly body: readonly {
    readonly type: string;
    readonly id?: string;
    readonly attributes: { readonly label?: string };
  }[];
}

test("every place that says the version says the same", () => {
  const versions = readVersions(root);
  expect(new Set(versions.map(([, version]) => version)).size, JSON.stringify(versions)).toBe(1);
  expect(versions[0]?.[1]).toMatch(/^\d+\.\d+\.\d+/);
});

test("no other file of the packages' own says it", () => {
  const [, version = ""] = readVersions(root)[0] ?? [];
  const lines = read("docs/upgrading.md") + read("CONTRIBUTING.md") + read("SECURITY.md");
  expect(lines).not.toContain(version);
});

const changelog = "# Changelog\n\n## Unreleased\n\n- New.\n\n## 0.1.0 (2026-01-01)\n\n- Old.\n";

test("the notes of a release are what stands under its heading", () => {
  expect(notesOf(changelog)).toBe("- New.");
  expect(notesOf(changelog, "0.1.0")).toBe("- Old.");
  expect(() => notesOf(changelog, "0.1")).toThrow("says nothing");
  expect(() => notesOf("# Changelog\n\n## Unreleased\n\n## 0.1.0 (x)\n")).toThrow("says nothing");
});

test("what was not released becomes the release, and a place for the next is left", () => {
  const settled = settleChangelog(changelog, "0.2.0", "2026-02-02");
  expect(notesOf(settled, "0.2.0")).toBe("- New.");
  expect(notesOf(settled, "0.1.0")).toBe("- Old.");
  expect(settled.indexOf("## Unreleased")).toBeLessThan(settled.indexOf("## 0.2.0"));
});

test("the changelog has something to release", () => {
  expect(notesOf(read("CHANGELOG.md")).length).toBeGreaterThan(0);
});

const workflows = readdirSync(join(root, ".github/workflows"));

test.for(workflows)("%s may read only, ends some time, and runs what there is", (name) => {
  const text = read(`.github/workflows/${name}`);
  const { permissions, jobs } = parse(text) as Workflow;
  expect(permissions).toEqual({ contents: "read" });
  const { scripts } = JSON.parse(read("package.json")) as { scripts: object };
  for (const job of Object.values(jobs)) {
    expect(job["timeout-minutes"]).toBeGreaterThan(0);
    for (const { run = "", uses } of job.steps) {
      // What somebody else has written is never part of a command.
      expect(run).not.toContain("${{");
      if (uses !== undefined) expect(uses).toMatch(/^actions\/[\w-]+@v\d+$/);
      for (const [, script = ""] of run.matchAll(/npm run ([\w:]+)/g)) expect(Object.keys(scripts)).toContain(script);
      for (const [file] of run.matchAll(/^\.ci\/[\w-]+/g)) expect(existsSync(join(root, file))).toBe(true);
    }
  }
});

const forms = readdirSync(join(root, ".github/ISSUE_TEMPLATE")).filter((name) => name !== "config.yml");

test.for(forms)("the form %s is one that GitHub takes", (name) => {
  const { name: title, description, body } = parse(read(`.github/ISSUE_TEMPLATE/${name}`)) as Form;
  expect(title.length * description.length).toBeGreaterThan(0);
  const fields = body.filter(({ type }) => type !== "markdown");
  for (const { type, id, attributes } of fields) {
    expect(["input", "textarea", "dropdown", "checkboxes"]).toContain(type);
    expect(id).toMatch(/^[\w-]+$/);
    expect(attributes.label).toBeTruthy();
  }
  expect(new Set(fields.map(({ id }) => id)).size).toBe(fields.length);
});
