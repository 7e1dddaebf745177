import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import ts from 'typescript';

const source = join(import.meta.dirname, '..', '..');

/** A statement as it stands in the source. */
export interface SourceStatement {
  file: string;
  line: number;
  /** Finds the statement among those that ran: what is interpolated may be anything. */
  pattern: RegExp;
  text: string;
}

const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
const isSql = (text: string): boolean => /^\s*(?:select|insert|update|delete|with)\s/.test(text);

function literalOf(node: ts.Node): { text: string; pattern: string } | null {
  if (ts.isNoSubstitutionTemplateLiteral(node) || ts.isStringLiteral(node))
    return { text: node.text, pattern: escaped(node.text) };
  if (!ts.isTemplateExpression(node)) return null;
  const tails = node.templateSpans.map(({ literal }) => literal.text);
  return {
    text: [node.head.text, ...tails].join('…'),
    pattern: [node.head.text, ...tails].map(escaped).join(String.raw`[\s\S]*?`),
  };
}

/** Every SQL text of the server's own code, less the tests. */
export function sourceStatements(): SourceStatement[] {
  const files = readdirSync(source, { recursive: true, encoding: 'utf8' }).filter(
    (file) =>
      file.endsWith('.ts') &&
      !file.endsWith('.test.ts') &&
      !file.startsWith('test') &&
      !file.startsWith(join('platform', 'db')),
  );
  return files.flatMap((file) => {
    const path = join(source, file);
    const parsed = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    const found: SourceStatement[] = [];
    const visit = (node: ts.Node) => {
      const literal = literalOf(node);
      if (literal && isSql(literal.text)) {
        const line = parsed.getLineAndCharacterOfPosition(node.getStart()).line + 1;
        found.push({
          file: relative(source, path),
          line,
          text: literal.text,
          pattern: new RegExp(`^${literal.pattern}$`),
        });
      }
      ts.forEachChild(node, visit);
    };
    visit(parsed);
    return found;
  });
}

/** `s.org_id = $1`, and `o.id = $1` where the row is the organisation itself. */
const predicates = /\b(?:\w+\.)?org_id\s*=\s*(\$\d+)/g;
const ofOrganisations = /\b(?:from|update)\s+org\b(?:\s+(?!where\b|set\b)\w+)?/i;

interface Place {
  at: number;
  text: string;
  parameter: string;
}

/** Where a statement names the organisation whose rows it may touch. */
export function predicatesOf(text: string): Place[] {
  const found = [...text.matchAll(predicates)];
  const own = ofOrganisations.test(text) ? [...text.matchAll(/\bid\s*=\s*(\$1)\b/g)] : [];
  // `set org_id = $1` would be no predicate; no statement moves a row.
  return [...found, ...own].map((match) => ({ at: match.index, text: match[0], parameter: String(match[1]) }));
}

/** The statement without one of its predicates; the parameter stays, so that it still takes as many values. */
export const without = (text: string, { at, text: found, parameter }: Place): string =>
  `${text.slice(0, at)}(${parameter}::uuid is not null)${text.slice(at + found.length)}`;

/** Without any. */
export const withoutAll = (text: string): string =>
  predicatesOf(text)
    .sort((left, right) => right.at - left.at)
    .reduce(without, text);
