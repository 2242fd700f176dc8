/**
 * A minimal browser, whose user signs in and agrees to everything.
 *
 * @module
 */

/** Most redirects and forms of one sign-in. */
const MAX_STEPS = 20;

/**
 * Opens an authorization URL, signs in and agrees.
 *
 * @param callback where the authorization server sends the browser in the end
 * @returns the parameters that the callback would get
 */
export async function signIn(url: URL, user: string, callback: string): Promise<URLSearchParams> {
  const cookies = new Map<string, string>();
  let next: URL = url;
  let form: URLSearchParams | undefined;
  for (let step = 0; step < MAX_STEPS; step++) {
    const response = await fetch(next, {
      redirect: "manual",
      headers: { cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join("; ") },
      ...(form !== undefined && { method: "POST", body: form }),
    });
    keepCookies(response, cookies);
    form = undefined;
    const location = response.headers.get("location");
    const text = await response.text();
    if (location === null) {
      form = filledForm(text, user);
      next = new URL(/<form[^>]*action="([^"]+)"/.exec(text)?.[1] ?? next, next);
      continue;
    }
    next = new URL(location, next);
    if (next.href.startsWith(callback)) return answerOf(next);
  }
  throw new Error(`Still not signed in at ${next}`);
}

function keepCookies(response: Response, cookies: Map<string, string>): void {
  for (const cookie of response.headers.getSetCookie()) {
    const [, name = "", value = ""] = /^([^=]+)=([^;]*)/.exec(cookie) ?? [];
    if (value === "") cookies.delete(name);
    else cookies.set(name, value);
  }
}

function filledForm(page: string, user: string): URLSearchParams {
  const prompt = /name="prompt" value="([^"]+)"/.exec(page)?.[1];
  if (prompt === undefined) throw new Error(`A page without a form: ${page.slice(0, 500)}`);
  return new URLSearchParams({ prompt, ...(prompt === "login" && { login: user, password: "x" }) });
}

function answerOf({ searchParams }: URL): URLSearchParams {
  if (searchParams.has("code")) return searchParams;
  throw new Error(`No code: ${searchParams}`);
}
