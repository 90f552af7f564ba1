// Scalar, which draws the page of the reference, is one file of its package, kept in reference/ by its digest: as a dependency it would bring
// 276 packages into every checkout for that. `node tools/reference-vendor.ts` fetches it by npm and writes it; after another version,
// the digest here is to be that which it says.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = join(import.meta.dirname, "../reference");

export const scalar = {
  name: "@scalar/api-reference",
  version: "1.76.0",
  license: "MIT",
  /** Of the file in reference/. */
  sha512:
    "949024967535ce459f31e30b2bf424ba9d647737e9e73c12b58016dd10dc5731f748f97ddfbb54250fcc2cb3bf088032facc2b24daad7ec8c27d54c3e85f8870",
} as const;

export function digestOf(text: Buffer): string {
  return createHash("sha512").update(text).digest("hex");
}

export const readScalar = (): Buffer => readFileSync(join(folder, "scalar.js"));

/** What the bill of materials says of it (CycloneDX). */
export function toComponent() {
  const purl = `pkg:npm/${scalar.name.replace("@", "%40")}@${scalar.version}`;
  return {
    "bom-ref": `${scalar.name}@${scalar.version}`,
    type: "library",
    name: scalar.name,
    version: scalar.version,
    purl,
    licenses: [{ license: { id: scalar.license } }],
    hashes: [{ alg: "SHA-512", content: scalar.sha512 }],
  };
}

/** Its chapter of THIRD-PARTY.md. */
export function toNotice(): string {
  const text = readFileSync(join(folder, "scalar.LICENSE.txt"), "utf8").trim();
  return `\n## ${scalar.name} ${scalar.version} (${scalar.license})\n\n${text}\n`;
}

if (import.meta.main) {
  const scratch = mkdtempSync(join(tmpdir(), "reference-vendor-"));
  try {
    const run = (program: string, ...args: string[]): string =>
      execFileSync(program, args, { cwd: scratch, encoding: "utf8", maxBuffer: 64 << 20 });
    run("npm", "pack", `${scalar.name}@${scalar.version}`, "--silent");
    const [tarball = ""] = run("ls").trim().split("\n");
    // Its last line names a file that is not here.
    const text = run("tar", "xzOf", tarball, "package/dist/browser/standalone.js").replace(
      /\n\/\/# sourceMappingURL=.*\s*$/,
      "\n",
    );
    writeFileSync(join(folder, "scalar.js"), text);
    console.log(digestOf(Buffer.from(text)));
  } finally {
    rmSync(scratch, { recursive: true });
  }
}
