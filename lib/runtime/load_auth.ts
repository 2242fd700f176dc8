import type { CreateAuth } from "../auth/create_auth.ts";
import { asksForAuthorization } from "../base/access_settings.ts";
import type { Settings } from "../base/settings_type.ts";

/** Loads authorization if any setting asks for it, so that no other start has to. */
export async function loadAuth(settings: Settings): Promise<CreateAuth | undefined> {
  if (!asksForAuthorization(settings)) return undefined;
  const { createAuth } = await import("../auth/create_auth.ts");
  return createAuth;
}
