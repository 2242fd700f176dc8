import { lazy } from "../base/promises.ts";
import type { AuthFailure } from "./auth_failure.ts";
import type { Credential } from "./credential.ts";
import type { JwtRules, Jwts } from "./jwt.ts";
import type { Provider } from "./provider.ts";
import type { Recognized, Way } from "./way.ts";

/** Access tokens that are JWTs. Perf: their library is loaded with the first token. */
export class LazyJwts implements Way {
  readonly takesKeys = false;
  readonly isShareable = true;
  readonly #issuers: readonly string[];
  readonly #loaded: () => Promise<Jwts>;

  constructor(rules: JwtRules, provider: Provider, now: () => number) {
    this.#issuers = rules.issuers;
    this.#loaded = lazy(async () => {
      const { Jwts } = await import("./jwt.ts");
      return new Jwts(rules, provider, now);
    });
  }

  async verify(credential: Credential): Promise<Recognized | AuthFailure> {
    return (await this.#loaded()).verify(credential);
  }

  /**
   * The document of the first issuer.
   *
   * @throws {AuthFailure} `unavailable`
   */
  async document(): Promise<Readonly<Record<string, unknown>>> {
    const [issuer = ""] = this.#issuers;
    return (await this.#loaded()).issuers.get(issuer)?.document() ?? {};
  }
}
