// Named here and not in the import map, whose packages a server's install would fetch.
export { default } from "npm:typescript@5.9.3";
