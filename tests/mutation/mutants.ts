/**
 * Small faults that a person could write, found in the syntax of a source file.
 *
 * @module
 */
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

/** The faulty replacement of a node, if there is one. */
function replacement(node: ts.Node): string | undefined {
  if (ts.isIfStatement(node.parent) && node.parent.expression === node) {
    return `!(${node.getText()})`;
  }
  if (ts.isAwaitExpression(node)) return node.expression.getText();
  if (ts.isExpressionStatement(node) && ts.isCallExpression(node.expression)) {
    const isSuper = node.expression.expression.kind === ts.SyntaxKind.SuperKeyword;
    return isSuper ? undefined : ";";
  }
  if (node.kind === ts.SyntaxKind.TrueKeyword) return "false";
  if (node.kind === ts.SyntaxKind.FalseKeyword) return "true";
  if (ts.isNumericLiteral(node)) return `(${node.getText()} + 1)`;
  return ts.isBinaryExpression(node.parent) && node.parent.operatorToken === node
    ? SWAPS.get(node.kind)
    : undefined;
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
      found.push({ path, line, start, end, text, change: `${before} → ${text}` });
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}
