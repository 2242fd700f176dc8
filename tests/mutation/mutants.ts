/**
 * Small faults that a person could write, found in the syntax of a source file.
 *
 * @module
 */
import { type Scope, scopesOf } from "./scopes.ts";
import ts from "./typescript.ts";

/** One fault: the text between two offsets, and what takes its place. */
export interface Mutant {
  readonly path: string;
  /** Counted from 1. */
  readonly line: number;
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** For people: what becomes what. */
  readonly change: string;
  /** The code that runs with the fault: a test that runs none of it cannot see the fault. */
  readonly scopes: readonly Scope[];
}

const SWAPS = new Map<ts.SyntaxKind, string>([
  [ts.SyntaxKind.EqualsEqualsEqualsToken, "!=="],
  [ts.SyntaxKind.ExclamationEqualsEqualsToken, "==="],
  [ts.SyntaxKind.LessThanToken, "<="],
  [ts.SyntaxKind.LessThanEqualsToken, "<"],
  [ts.SyntaxKind.GreaterThanToken, ">="],
  [ts.SyntaxKind.GreaterThanEqualsToken, ">"],
  [ts.SyntaxKind.AmpersandAmpersandToken, "||"],
  [ts.SyntaxKind.BarBarToken, "&&"],
  [ts.SyntaxKind.PlusToken, "-"],
  [ts.SyntaxKind.MinusToken, "+"],
  [ts.SyntaxKind.AsteriskToken, "/"],
  [ts.SyntaxKind.SlashToken, "*"],
]);

function isCondition(node: ts.Node): boolean {
  return ts.isIfStatement(node.parent) && node.parent.expression === node;
}

/** Whether a number is the name of a property. */
function isName(node: ts.NumericLiteral): boolean {
  if (ts.isBindingElement(node.parent)) return node.parent.propertyName === node;
  return ts.isPropertyAssignment(node.parent) && node.parent.name === node;
}

/** The other operator, except where negating the whole condition is the same fault. */
function swapped(node: ts.Node): string | undefined {
  if (!ts.isBinaryExpression(node.parent) || node.parent.operatorToken !== node) return undefined;
  const isEquality = node.kind === ts.SyntaxKind.EqualsEqualsEqualsToken ||
    node.kind === ts.SyntaxKind.ExclamationEqualsEqualsToken;
  return isEquality && isCondition(node.parent) ? undefined : SWAPS.get(node.kind);
}

/** The faulty replacement of a node, if there is one. */
function replacement(node: ts.Node): string | undefined {
  if (isCondition(node)) return `!(${node.getText()})`;
  if (ts.isAwaitExpression(node)) return node.expression.getText();
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) {
    const isSuper = node.expression.expression.kind === ts.SyntaxKind.SuperKeyword;
    return isSuper ? undefined : ";";
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return "false";
  if (node.kind === ts.SyntaxKind.FalseKeyword) return "true";
  if (ts.isNumericLiteral(node)) {
    return isName(node) ? `${Number(node.text) + 1}` : `(${node.getText()} + 1)`;
  }
  return swapped(node);
}

/** Types are gone at run time, so no fault in one shows. */
function isCode(node: ts.Node): boolean {
  return !ts.isTypeNode(node) && !ts.isInterfaceDeclaration(node) &&
    !ts.isTypeAliasDeclaration(node) && !ts.isImportDeclaration(node);
}

/** All faults that fit a source file. */
export function mutantsOf(path: string, source: string): Mutant[] {
  const file = ts.createSourceFile(path, source, ts.ScriptTarget.ESNext, true);
  const found: Mutant[] = [];
  const visit = (node: ts.Node): void => {
    if (!isCode(node)) return;
    const text = node.parent === undefined ? undefined : replacement(node);
    if (text !== undefined) {
      const [start, end] = [node.getStart(), node.getEnd()];
      const line = file.getLineAndCharacterOfPosition(start).line + 1;
      const before = source.slice(start, end).replaceAll(/\s+/g, " ");
      const change = `${before} → ${text.replaceAll(/\s+/g, " ")}`;
      found.push({ path, line, start, end, text, change, scopes: scopesOf(node, path) });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
