import manifest from "../../deno.json" with { type: "json" };

/** This release of Lifeline. */
export const VERSION: string = manifest.version;
