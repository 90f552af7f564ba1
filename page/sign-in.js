import { GatewayClient, Refusal } from "./gateway-client.js";
import { html } from "./html.js";
import { useEffect, useRef, useState } from "./preact-hooks.js";

/**
 * Everything that a token opens.
 *
 * @typedef {{ client: GatewayClient, agents: readonly string[], hasRuns: boolean }} SignedIn
 */

/** @param {{ onSignIn: (signedIn: SignedIn) => void }} props */
export function SignIn({ onSignIn }) {
  const [problem, setProblem] = useState("");
  const [isTrying, setTrying] = useState(false);
  const field = /** @type {{ current: HTMLInputElement | null }} */ (useRef(null));
  useEffect(() => field.current?.focus(), []);
  /** @param {Event} event */
  const submit = async (event) => {
    event.preventDefault();
    setTrying(true);
    setProblem("");
    try {
      onSignIn(await signIn(field.current?.value.trim() ?? ""));
    } catch (cause) {
      setTrying(false);
      setProblem(toProblem(cause));
      field.current?.select();
    }
  };
  return html`<main class="sign-in">
    <h1>clawgate</h1>
    <form onSubmit=${submit}>
      <label for="token">Token</label>
      <input
        id="token"
        type="password"
        autocomplete="off"
        ref=${field}
        aria-describedby="token-help token-problem"
        aria-invalid=${problem === "" ? undefined : "true"}
      />
      <p id="token-help" class="quiet">
        <code>clawgate token</code> prints it. It is kept until this page is closed or loaded again, and only here.
        Leave it empty where the gateway asks for none.
      </p>
      <p id="token-problem" class="problem" role="alert">${problem}</p>
      <button type="submit" class="main" disabled=${isTrying}>Sign in</button>
    </form>
  </main>`;
}

/**
 * @param {string} token
 * @returns {Promise<SignedIn>}
 */
async function signIn(token) {
  const client = new GatewayClient(token);
  const agents = await client.listAgents();
  return { client, agents, hasRuns: await client.hasRuns() };
}

/** @param {unknown} cause */
function toProblem(cause) {
  if (!(cause instanceof Refusal)) return "The gateway cannot be reached. Is it running?";
  if (cause.status === 401) return "That is not the token of this gateway.";
  if (cause.status === 404)
    return "The chat endpoint is switched off: set gateway.http.endpoints.chatCompletions.enabled to true.";
  return cause.message;
}
