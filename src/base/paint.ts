import { styleText } from "node:util";

/** What a text on a screen is; how it looks is said here alone. */
export type Shade = "good" | "bad" | "odd" | "faint" | "strong";

/** The text in its colour. */
export type Paint = (shade: Shade, text: string) => string;

const looks = { good: "green", bad: "red", odd: "yellow", faint: "gray", strong: "bold" } as const;

/** For pipes, and for whoever wants no colours. */
export const plain: Paint = (_, text) => text;

export const inColour: Paint = (shade, text) => styleText(looks[shade], text, { validateStream: false });

/** As the screen can and its owner likes it: `NO_COLOR`, `FORCE_COLOR` and `TERM` say so. */
export function choosePaint(stream: { readonly isTTY?: boolean; hasColors?(): boolean }): Paint {
  return stream.isTTY === true && stream.hasColors?.() === true ? inColour : plain;
}
