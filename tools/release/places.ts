import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** Where the version stands: package.json says it, and what follows repeats it. Each pattern has it as its second group. */
export const places: readonly (readonly [file: string, pattern: RegExp])[] = [
  ["package.json", /^( {2}"version": ")([^"]+)(",)$/m],
  ["contract/package.json", /^( {2}"version": ")([^"]+)(",)$/m],
  ["conformance/package.json", /^( {2}"version": ")([^"]+)(",)$/m],
  ["conformance/package.json", /^( {4}"@clawgate\/contract": ")([^"]+)(",?)$/m],
  ["conformance/action.yml", /^( {4}default: )(\d+\.\d+\.\d+\S*)()$/m],
  ["conformance/README.md", /(@clawgate\/conformance@)(\d+\.\d+\.\d+[\w.-]*)()/],
  ["conformance/examples/gitlab-ci.yml", /(@clawgate\/conformance@)(\d+\.\d+\.\d+[\w.-]*)()/],
  ["conformance/examples/Jenkinsfile", /(@clawgate\/conformance@)(\d+\.\d+\.\d+[\w.-]*)()/],
  ["conformance/examples/conformance.sh", /(@clawgate\/conformance@)(\d+\.\d+\.\d+[\w.-]*)()/],
  ["openapi/openapi.yaml", /^( {2}version: )(\S+)()$/m],
  ["README.md", /^(clawgate )(\d+\.\d+\.\d+\S*)( listens on )/m],
  ["docs/deployment.md", /(clawgate-)(\d+\.\d+\.\d+[\w.-]*)(\.tgz)/],
];

/** What each place says; undefined where it says nothing any more. */
export function readVersions(root: string): (readonly [file: string, version: string | undefined])[] {
  return places.map(([file, pattern]) => [file, pattern.exec(readFileSync(join(root, file), "utf8"))?.[2]]);
}

export function writeVersion(root: string, version: string): void {
  for (const [file, pattern] of places) {
    const path = join(root, file);
    writeFileSync(path, readFileSync(path, "utf8").replace(pattern, `$1${version}$3`));
  }
}
