import type { MarkedToken, Token, Tokens } from 'marked';
import { Fragment, memo, useMemo, type ReactNode } from 'react';
import { targetOf, tokensOf, withoutEntities } from './markdownTokens.ts';
import type { Mark } from './markedTokens.ts';

/** Shows where a link goes, unless its text is exactly that. */
function Link({ to, text, children }: { to: string; text: string | null; children: ReactNode }) {
  const target = targetOf(to);
  if (!target) return <>{children}</>;
  return (
    <a href={target.href} target="_blank" rel="noopener noreferrer nofollow">
      {children}
      {!target.isSaidBy(text) && ` (${target.place})`}
    </a>
  );
}

interface Where {
  /** A link holds no second one. */
  inLink?: boolean;
  /** The paragraphs of a list whose items stand close together are no paragraphs. */
  tight?: boolean;
  /** The headings of a document are headings; those of a message would break up the page it stands in. */
  headings?: boolean;
}

const all = (tokens: Token[] | undefined, where: Where = {}): ReactNode =>
  tokens?.map((token, index) => <Fragment key={index}>{one(token as MarkedToken | Mark, where)}</Fragment>);

function Item({ item, tight }: { item: Tokens.ListItem; tight: boolean }) {
  const mark = item.task ? (item.checked ? '☑ ' : '☐ ') : '';
  return (
    <li>
      {mark}
      {all(
        item.tokens.filter((token) => token.type !== 'checkbox'),
        { tight },
      )}
    </li>
  );
}

function List({ list }: { list: Tokens.List }) {
  const items = list.items.map((item, index) => <Item key={index} item={item} tight={!list.loose} />);
  return list.ordered ? <ol start={Number(list.start) || 1}>{items}</ol> : <ul>{items}</ul>;
}

function Table({ table }: { table: Tokens.Table }) {
  const cells = (row: Tokens.TableCell[]) =>
    row.map((cell, index) => {
      const Cell = cell.header ? 'th' : 'td';
      return (
        <Cell key={index} {...(cell.align ? { align: cell.align } : {})}>
          {all(cell.tokens)}
        </Cell>
      );
    });
  return (
    <div className="scroll" tabIndex={0}>
      <table>
        <thead>
          <tr>{cells(table.header)}</tr>
        </thead>
        <tbody>
          {table.rows.map((row, index) => (
            <tr key={index}>{cells(row)}</tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** The words of a link where it holds nothing else. */
const plainText = (tokens: Token[]): string | null => {
  const [only] = tokens as MarkedToken[];
  return tokens.length === 1 && only?.type === 'text' ? withoutEntities(only.text) : null;
};

function linkOf(token: Tokens.Link, where: Where): ReactNode {
  const children = all(token.tokens, { ...where, inLink: true });
  if (where.inLink) return children;
  return (
    <Link to={token.href} text={plainText(token.tokens)}>
      {children}
    </Link>
  );
}

/** Loading an image would tell its server who reads what; its address is shown instead. */
function imageOf(token: Tokens.Image, where: Where): ReactNode {
  const text = withoutEntities(token.text) || 'image';
  return where.inLink ? (
    text
  ) : (
    <Link to={token.href} text={text}>
      {text}
    </Link>
  );
}

/** Every kind of token has its element here, and nothing of a token is ever taken for HTML. */
function one(token: MarkedToken | Mark, where: Where): ReactNode {
  switch (token.type) {
    case 'paragraph':
      return where.tight ? all(token.tokens, where) : <p>{all(token.tokens, where)}</p>;
    case 'heading':
      // One level for all of them: those of a document skip levels, and begin with any.
      if (where.headings) return <h3 className={`depth${token.depth}`}>{all(token.tokens, where)}</h3>;
      return (
        <p>
          <strong>{all(token.tokens, where)}</strong>
        </p>
      );
    case 'mark':
      return <mark>{all(token.tokens, where)}</mark>;
    case 'blockquote':
      return <blockquote>{all(token.tokens)}</blockquote>;
    case 'list':
      return <List list={token} />;
    case 'table':
      return <Table table={token} />;
    case 'code':
      return (
        <pre>
          <code>{token.text}</code>
        </pre>
      );
    case 'hr':
      return <hr />;
    case 'text':
      if ('tokens' in token && token.tokens) return all(token.tokens, where);
      return 'escaped' in token && token.escaped ? token.text : withoutEntities(token.text);
    case 'html':
      return token.block ? <p>{token.raw.trim()}</p> : token.raw;
    case 'escape':
      return token.text;
    case 'strong':
      return <strong>{all(token.tokens, where)}</strong>;
    case 'em':
      return <em>{all(token.tokens, where)}</em>;
    case 'del':
      return <del>{all(token.tokens, where)}</del>;
    case 'codespan':
      return <code>{token.text}</code>;
    case 'br':
      return <br />;
    case 'link':
      return linkOf(token, where);
    case 'image':
      return imageOf(token, where);
    default:
      // What holds no words: empty lines, the addresses of reference links, a box to tick.
      return null;
  }
}

interface Props {
  text: string;
  /** With headings. */
  asDocument?: boolean;
  /** How it is read; a client's page marks nothing, and loads nothing for it. */
  read?: (text: string) => Token[];
}

/** A text as people read it: no HTML, no script, nothing loaded from anywhere. */
export const Markdown = memo(function Markdown({ text, asDocument = false, read = tokensOf }: Props) {
  const tokens = useMemo(() => read(text), [text, read]);
  return <>{all(tokens, { headings: asDocument })}</>;
});
