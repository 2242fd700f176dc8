// Named here and not in the import map, whose packages a server's install would fetch.
export { default } from "npm:fast-check@4.10.2";
