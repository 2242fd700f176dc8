// Named here and not in the import map, whose packages a server's install would fetch.
export * from "npm:playwright-core@1.65.1";
