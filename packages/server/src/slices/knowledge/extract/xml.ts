import { Parser } from 'htmlparser2';
import { ExtractionFailure } from './failure.ts';
import type { Limits } from './limits.ts';

export interface Element {
  /** Without the prefix of its namespace. */
  name: string;
  attributes: Record<string, string>;
  children: (Element | string)[];
}

/**
 * The tree of an XML text. The parser expands no entities but XML's own five and reads nothing from elsewhere; a text that
 * declares some is refused all the same.
 */
export function parseXml(text: string, { depth, elements }: Pick<Limits, 'depth' | 'elements'>): Element {
  if (/<!ENTITY/i.test(text)) throw new ExtractionFailure('damaged', 'declares entities');
  const top: Element = { name: '', attributes: {}, children: [] };
  const open = [top];
  let count = 0;
  const parser = new Parser(
    {
      onopentag(name, attributes) {
        count += 1;
        if (open.length > depth || count > elements) throw new ExtractionFailure('too-many-parts');
        const element = { name: name.slice(name.indexOf(':') + 1), attributes, children: [] };
        open.at(-1)?.children.push(element);
        open.push(element);
      },
      ontext: (part) => void open.at(-1)?.children.push(part),
      onclosetag: () => void open.pop(),
    },
    { xmlMode: true },
  );
  parser.end(text);
  return top;
}

export const childrenOf = (element: Element): Element[] =>
  element.children.filter((child) => typeof child !== 'string');

/** All below `element` of this name, in the order of the text; those inside one found are not looked for. */
export function all(element: Element, name: string): Element[] {
  return childrenOf(element).flatMap((child) => (child.name === name ? [child] : all(child, name)));
}

export const first = (element: Element, name: string): Element | undefined => all(element, name)[0];

export function textOf(element: Element): string {
  return element.children.map((child) => (typeof child === 'string' ? child : textOf(child))).join('');
}

/** What an attribute says by its local name. */
export function attribute(element: Element, name: string): string | undefined {
  const key = Object.keys(element.attributes).find((one) => one === name || one.endsWith(`:${name}`));
  return key === undefined ? undefined : element.attributes[key];
}

export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
