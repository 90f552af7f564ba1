import type { Break } from "./break.ts";
import { authentication } from "./breaks/authentication.ts";
import { browsers } from "./breaks/browsers.ts";
import { framing } from "./breaks/framing.ts";
import { guessing } from "./breaks/guessing.ts";
import { http } from "./breaks/http.ts";
import { input } from "./breaks/input.ts";
import { operation } from "./breaks/operation.ts";
import { fuzzing } from "./breaks/process.ts";
import { runs } from "./breaks/runs.ts";
import { storage } from "./breaks/storage.ts";
import { websockets } from "./breaks/sockets.ts";

/** In the order of the rows. */
export const breaks: readonly Break[] = [
  ...authentication,
  ...guessing,
  ...browsers,
  ...framing,
  ...http,
  ...input,
  ...runs,
  ...storage,
  ...operation,
  ...websockets,
  ...fuzzing,
];
