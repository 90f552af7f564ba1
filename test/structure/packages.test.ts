import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "../..");

interface Manifest {
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Locked {
  readonly version?: string;
  readonly link?: boolean;
  readonly hasInstallScript?: boolean;
  readonly integrity?: string;
}

function readManifest(path: string): Manifest {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- npm's own files
  return JSON.parse(readFileSync(join(root, path, "package.json"), "utf8")) as Manifest;
}

const { packages } = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")) as {
  readonly packages: Readonly<Record<string, Locked>>;
};
const installed = Object.entries(packages).filter(
  ([path, { link }]) => path.includes("node_modules/") && link !== true,
);

test("no package that is installed runs a script, and every version is exact", () => {
  expect(installed.length).toBeGreaterThan(300);
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
  const manifests = Object.keys(packages).filter((path) => !path.includes("node_modules/"));
  const wanted = manifests.flatMap((path) => {
    const manifest = readManifest(path);
    return Object.entries({
      ...manifest.dependencies,
      ...manifest.devDependencies,
      ...manifest.optionalDependencies,
    });
  });
  expect(wanted.length).toBeGreaterThan(40);
  expect(
    wanted.filter(([, version]) => !/^(?:npm:(?:@[\w-]+\/)?[\w.-]+@)?\d+\.\d+\.\d+$|^file:/.test(version)),
  ).toEqual([]);
});

test("every package that is installed is held to its digest", () => {
  const bare = installed.filter(([, { integrity }]) => !(integrity ?? "").startsWith("sha512-"));
  expect(bare).toEqual([]);
});

// Below these, what clients send can bring the gateway down or change what it does; the advisories name the versions.
test.each([
  ["koa", "3.1.2"],
  ["ajv", "8.18.0"],
  ["undici", "7.24.0"],
])("%s is %s or later", (name, least) => {
  const found = installed.filter(([path, { version }]) => path === `node_modules/${name}` && version !== undefined);
  expect(found).toHaveLength(1);
  expect(found.map(([, { version = "" }]) => compare(version, least) >= 0)).toEqual([true]);
});

test("what parses forms and queries with a past of its own is not there", () => {
  const runtime = readManifest("").dependencies ?? {};
  expect(Object.keys(runtime).filter((name) => /^(?:koa-body|formidable|qs|body-parser|multer)$/.test(name))).toEqual(
    [],
  );
});

function compare(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}
