/** Whether Deno runs this, and not another runtime with `node:http`. */
export const IS_DENO = "Deno" in globalThis;
