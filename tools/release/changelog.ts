const unreleased = "## Unreleased";

/** What stands under the heading of a version, or of what is not released yet. Throws if nothing does. */
export function notesOf(changelog: string, version?: string): string {
  const heading = version === undefined ? unreleased : `## ${version} `;
  const [, after] = `\n${changelog}`.split(`\n${heading}`);
  const notes = after?.slice(after.indexOf("\n")).split("\n## ")[0]?.trim();
  if (notes === undefined || notes === "") throw new Error(`CHANGELOG.md says nothing under '${heading.trim()}'.`);
  return notes;
}

/** What was not released is of this version now. */
export function settleChangelog(changelog: string, version: string, date: string): string {
  notesOf(changelog);
  return changelog.replace(`${unreleased}\n`, `${unreleased}\n\nNothing yet.\n\n## ${version} (${date})\n`);
}
