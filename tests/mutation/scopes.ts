/**
 * Which code must run for a fault to show, and probes that tell whether it did.
 *
 * @module
 */
import ts from "./typescript.ts";

/** A function of a source file, or its top level. */
export interface Scope {
  readonly id: string;
  /** Where a probe goes, and what encloses the code behind it, or undefined for the top level. */
  readonly body:
    | { readonly start: number; readonly end: number; readonly isBlock: boolean }
    | undefined;
}

type FunctionWithBody = ts.FunctionLikeDeclaration & { readonly body: ts.Node };

function functionAround(node: ts.Node): FunctionWithBody | undefined {
  const isFunction = (parent: ts.Node): parent is FunctionWithBody =>
    ts.isFunctionLike(parent) && "body" in parent && parent.body !== undefined;
  return ts.findAncestor(node, isFunction);
}

function scopeAround(node: ts.Node, path: string): Scope {
  const around = functionAround(node);
  if (around === undefined) return { id: path, body: undefined };
  const [start, end] = [around.body.getStart(), around.body.getEnd()];
  return { id: `${path}:${start}`, body: { start, end, isBlock: ts.isBlock(around.body) } };
}

/** The name of the constant of the file, unexported, whose value holds a node. */
function constantAround(node: ts.Node): ts.Identifier | undefined {
  const statement = ts.findAncestor(node, ts.isVariableStatement);
  if (statement === undefined || !ts.isSourceFile(statement.parent)) return undefined;
  const declaration = ts.findAncestor(node, ts.isVariableDeclaration);
  if (declaration === undefined || !ts.isIdentifier(declaration.name)) return undefined;
  return statement.modifiers === undefined ? declaration.name : undefined;
}

/** @returns the functions that run with a fault at a node; for a constant, those that use it */
export function scopesOf(node: ts.Node, path: string): Scope[] {
  const own = scopeAround(node, path);
  const constant = own.body === undefined ? constantAround(node) : undefined;
  if (constant === undefined) return [own];
  const uses: Scope[] = [];
  const visit = (other: ts.Node): void => {
    if (ts.isIdentifier(other) && other !== constant && other.text === constant.text) {
      uses.push(scopeAround(other, path));
    }
    ts.forEachChild(other, visit);
  };
  visit(node.getSourceFile());
  return uses;
}

const probe = (id: string): string => `globalThis.reached?.add(${JSON.stringify(id)})`;

/** A source text that says which of its scopes run. */
export function withProbes(source: string, scopes: readonly Scope[]): string {
  const insertions = new Map<string, { at: number; text: string }>();
  for (const { id, body } of scopes) {
    if (body === undefined) {
      insertions.set(id, { at: source.length, text: `\n${probe(id)};` });
    } else if (body.isBlock) {
      insertions.set(id, { at: body.start + 1, text: ` ${probe(id)};` });
    } else {
      insertions.set(id, { at: body.start, text: `(${probe(id)}, ` });
      insertions.set(`${id}:end`, { at: body.end, text: ")" });
    }
  }
  return [...insertions.values()].toSorted((one, other) => other.at - one.at)
    .reduce((text, { at, text: added }) => text.slice(0, at) + added + text.slice(at), source);
}
