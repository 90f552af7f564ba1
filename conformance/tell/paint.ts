import { styleText } from "node:util";

/** What a text on a screen is; how it looks is said here alone. */
export type Shade = "good" | "bad" | "odd" | "faint" | "strong";

/** The text in its colour. */
export type Paint = (shade: Shade, text: string) => string;

const looks = { good: "green", bad: "red", odd: "yellow", faint: "gray", strong: "bold" } as const;

/** As the screen can and its owner likes it: `NO_COLOR`, `FORCE_COLOR` and `TERM` say so, and a pipe has none. */
export function choosePaint(stream: NodeJS.WriteStream): Paint {
  return (shade, text) => (stream.isTTY ? styleText(looks[shade], text, { stream }) : text);
}

/** For pipes, and for tests. */
export const plain: Paint = (_, text) => text;
