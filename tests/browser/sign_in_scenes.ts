/**
 * Signing in on the test page, in real Chromium, at a real authorization server.
 *
 * @module
 */
import { type IssuerOptions, startIssuer } from "./issuer_process.ts";
import { poorContrasts, readGrant, spoilGrant, widths } from "./in_page.js";
import { saveScreenshot } from "./screenshots.ts";
import { Stage, type StageOptions } from "./stage.ts";

const STATUS = "#sign-in-status";
/** The pages of the provider ask for a font, which no test may fetch. */
const PROVIDER_FONT = "https://fonts.googleapis.com/";
const PROVIDER_NOISE = /fonts\.googleapis|favicon|Failed to load resource|form field|autocomplete/;
const NATIVE_CLIENT = "the-page";

/** A server that trusts an issuer, with the page open. */
async function openGuarded(options: IssuerOptions, more: StageOptions = {}) {
  await using resources = new AsyncDisposableStack();
  const { issuer } = resources.use(await startIssuer(options));
  const stage = resources.use(
    await Stage.open({
      script: "tests/browser/guarded_server.ts",
      env: { MCP_TEST_ISSUER: issuer },
      otherServers: [issuer, PROVIDER_FONT],
      expectedErrors: PROVIDER_NOISE,
      ...more,
    }),
  );
  await stage.page.route("https://**", (route) => route.abort());
  const owned = resources.move();
  return { stage, issuer, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Begins on the page; the user then stands at the provider. */
async function beginSignIn(stage: Stage, clientId = ""): Promise<void> {
  const isOpen = await stage.find("#sign-in-box[open]").count() > 0;
  if (!isOpen) await stage.page.getByText("Sign in at the issuer").click();
  await stage.page.getByLabel("Client id").fill(clientId);
  await stage.button("Sign in").click();
}

/** Signs in and agrees, as the provider's pages ask. */
async function agree({ page }: Stage, user = "ada"): Promise<void> {
  await page.fill("input[name=login]", user);
  await page.fill("input[name=password]", "x");
  await page.click("button[type=submit]");
  await page.click("form:not(:has(input[name=login])) button[type=submit]");
}

Deno.test("Page signs in at the issuer that the server names, calls as the user, and signs out", async () => {
  await using scene = await openGuarded({ mayRead: true, mayRegister: true });
  const { stage, issuer } = scene;
  await stage.button("Connect").click();
  await stage.sees("#state-text", /401/);
  await beginSignIn(stage);
  await agree(stage);
  await stage.sees(STATUS, new RegExp(`^Signed in at ${issuer}\\.$`));
  stage.equals(new URL(stage.page.url()).search, "", "What is left of the code in the address");
  stage.equals(await stage.page.evaluate(poorContrasts), [], "Text that is hard to read");
  const [page, window] = await stage.page.evaluate(widths);
  stage.equals(page, window, "Horizontal scrolling");
  await saveScreenshot(stage.page, "signed-in");
  for (const dialect of ["plain", "modern", "streamable", "http_sse"]) {
    await stage.connectIn(dialect);
    await stage.call("whoami", {});
    await stage.sees("#result-body", /ada.*notes:read/);
    await stage.button("Disconnect").click();
    await stage.ledgerShows(({ open }) => open === 0);
  }
  await stage.button("Sign out").click();
  await stage.sees(STATUS, /^Signed out\.$/);
  stage.equals(await stage.page.evaluate(readGrant), null, "What the tab still holds");
  await stage.button("Connect").click();
  await stage.sees("#state-text", /401/);
  stage.assertClean();
});

Deno.test("A token that has expired, or that the server refuses, is renewed once for all who need it", async () => {
  await using scene = await openGuarded({ mayRead: true });
  const { stage, issuer } = scene;
  await beginSignIn(stage, NATIVE_CLIENT);
  await agree(stage);
  await stage.sees(STATUS, /^Signed in/);
  let renewals = 0;
  stage.page.on("request", (request) => {
    if (request.url() === `${issuer}/token` && request.method() === "POST") renewals++;
  });
  for (const change of [{ expiresAt: 1 }, { accessToken: "refused" }]) {
    await stage.page.evaluate(spoilGrant, change);
    await stage.page.reload();
    renewals = 0;
    await stage.connectIn("streamable");
    await stage.call("whoami", {});
    await stage.sees("#result-body", /ada/);
    stage.equals(renewals, 1, `Renewals after ${JSON.stringify(change)}`);
    await stage.button("Disconnect").click();
  }
  // The refresh token itself: the issuer says no, and the user is told what to do.
  await stage.page.evaluate(spoilGrant, { accessToken: "refused", refreshToken: "refused" });
  await stage.page.reload();
  await stage.button("Connect").click();
  await stage.sees("#state-text", /Sign in again: .*invalid_grant/);
  await stage.sees(STATUS, /^Sign in again/);
  stage.assertClean();
});

Deno.test("A stream that ends with its token comes back with a renewed one", async () => {
  // The page renews 10 s before the end, and a request with the newer token would keep the stream.
  await using scene = await openGuarded({ mayRead: true, ttl: 11 });
  const { stage } = scene;
  await beginSignIn(stage, NATIVE_CLIENT);
  await agree(stage);
  await stage.sees(STATUS, /^Signed in/);
  await stage.page.getByLabel("Connect again").check();
  await stage.connect();
  await stage.sees("#log-list", /Connection ended, auth_expired/);
  await stage.sees("#state-badge", /^connected$/);
  await stage.call("whoami", {});
  await stage.sees("#result-body", /ada/);
  stage.assertClean();
});

Deno.test("Page says what to do where the issuer lets no page register or ask it", async () => {
  await using scene = await openGuarded({ mayRead: false });
  const { stage, issuer } = scene;
  await beginSignIn(stage);
  await stage.sees(STATUS, /could not register itself.*CORS.*Enter the id of a public client/);
  await stage.page.getByLabel("Client id").fill(NATIVE_CLIENT);
  await stage.button("Sign in").click();
  await agree(stage);
  await stage.sees(STATUS, new RegExp(`^${issuer}/token cannot be read from this page.*CORS`));
  stage.equals(await stage.page.evaluate(readGrant), null, "What the tab holds");
});

Deno.test("An answer that no sign-in of this tab began is refused, and a user who declines is told", async () => {
  await using scene = await openGuarded({ mayRead: true });
  const { stage } = scene;
  const asked: string[] = [];
  stage.page.on("request", (request) => void asked.push(request.url()));
  await stage.goTo(`${stage.server.base}/sse-test.html?code=stolen&state=forged`);
  await stage.sees(STATUS, /belongs to no sign-in that began in this tab/);
  stage.equals(new URL(stage.page.url()).search, "", "What is left in the address");
  stage.equals(asked.filter((url) => url.endsWith("/token")), [], "Codes that were redeemed");
  await beginSignIn(stage, NATIVE_CLIENT);
  await stage.page.getByText("Cancel").click();
  await stage.sees(STATUS, /refused: access_denied/);
  stage.assertClean();
});

Deno.test("Page says where a server names nobody to sign in at", async () => {
  await using stage = await Stage.open({ expectedErrors: /status of 404/ });
  await beginSignIn(stage);
  await stage.sees(STATUS, /names nobody to sign in at/);
  stage.assertClean();
});
