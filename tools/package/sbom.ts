import { execFileSync } from "node:child_process";
import type { Bundled } from "./bundled.ts";

/** What is read of a CycloneDX document (ECMA-424); the rest is handed on. */
interface Bom {
  readonly metadata: { readonly component: { readonly name: string; readonly properties: readonly unknown[] } };
  readonly components: readonly { readonly purl: string }[];
}

/**
 * The software bill of materials of the published package, in CycloneDX: of all that the lock has, as `npm sbom` tells it
 * with digests and licences, those packages that the bundle has taken in; and what is in it without being in the lock. Throws if the lock does not have one of them.
 */
export function toSbom(root: string, name: string, bundled: readonly Bundled[], vendored: Bom["components"]): string {
  const args = ["sbom", "--sbom-format", "cyclonedx", "--sbom-type", "application", "--package-lock-only"];
  const text = execFileSync("npm", args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the format is npm's, which names it in the document
  const bom = JSON.parse(text) as Bom;
  const found = new Map(bom.components.map((component) => [component.purl, component]));
  const components = bundled.map((part) => {
    const component = found.get(`pkg:npm/${part.name.replace("@", "%40")}@${part.version}`);
    if (component === undefined)
      throw new Error(`${part.name}@${part.version} is in the bundle, but not in package-lock.json.`);
    return component;
  });
  // npm takes the folder's name for the package's, and says that the checkout is private.
  const component = { ...bom.metadata.component, name, properties: [] };
  // What the bundle was made of is in it, whoever asked for it.
  return `${JSON.stringify({ ...bom, metadata: { ...bom.metadata, component }, components: [...components, ...vendored], dependencies: [] }, null, 2)}\n`;
}
