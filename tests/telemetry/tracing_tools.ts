/** Tools for the traced server. */
import * as z from "zod";
import { defineTool } from "../../lib/mod.ts";

export const relay = defineTool({
  name: "relay",
  description: "Fetches a URL",
  input: z.object({ url: z.url() }),
  run: async ({ url }) => {
    await new Promise((resolve) => setTimeout(resolve, 1));
    return await (await fetch(url)).text();
  },
});

export const broken = defineTool({
  name: "broken",
  description: "Always fails",
  run: () => {
    throw new Error("Broken on purpose");
  },
});

export const forgetful = defineTool({
  name: "forgetful",
  description: "Forgets to await what then fails",
  run: () => {
    void Promise.reject(new Error("Forgotten"));
    return "done";
  },
});

export const careless = defineTool({
  name: "careless",
  description: "Throws where nobody can catch it",
  run: () => {
    setTimeout(() => {
      throw new Error("Thrown in a timer");
    }, 0);
    return "done";
  },
});
