import { readFileSync } from "node:fs";
import type { Handler, Reply } from "../base/contract.ts";
import { GatewayError } from "../base/errors.ts";

/** What the page may do (CSP Level 3): run its own files, and call the gateway that it came from. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** `GET /`: for browsers the page, and for everybody else what it always was, nothing. `folder` ends in a slash. */
export function createGetPage(folder: URL): Handler<"getPage"> {
  let page: Reply<"getPage"> | undefined;
  return ({ header }) => {
    if (!takesHtml(header("accept"))) throw new GatewayError("not_found", "There is nothing at GET /.");
    page ??= Object.freeze({
      status: 200,
      headers: { "content-security-policy": policy },
      body: readFileSync(new URL("index.html", folder), "utf8"),
    });
    return page;
  };
}

/** `GET /page/style.css`. */
export function createGetPageStyle(folder: URL): Handler<"getPageStyle"> {
  let style: Reply<"getPageStyle"> | undefined;
  return () => (style ??= Object.freeze({ status: 200, body: readFileSync(new URL("style.css", folder), "utf8") }));
}

/** `GET /page/{script}`: each file of the contract's list is read at its first call. */
export function createGetPageScript(folder: URL): Handler<"getPageScript"> {
  const scripts = new Map<string, Reply<"getPageScript">>();
  return ({ parameters: { script } }) => {
    const known = scripts.get(script);
    if (known !== undefined) return known;
    const read = Object.freeze({ status: 200, body: readFileSync(new URL(script, folder), "utf8") } as const);
    scripts.set(script, read);
    return read;
  };
}

/** Whether `Accept` names HTML (RFC 9110 section 12.5.1), as browsers do; `*` is what every other client says. */
function takesHtml(accept = ""): boolean {
  return accept.split(",").some((range) => {
    const [type = "", ...parameters] = range.split(";").map((part) => part.trim().toLowerCase());
    return type === "text/html" && !parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
  });
}
