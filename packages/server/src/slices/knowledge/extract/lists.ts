export interface Item {
  /** How deep it lies, from 0. */
  level: number;
  ordered: boolean;
  html: string;
}

/** Lists inside each other, of paragraphs that say how deep they are. */
export function nest(items: Item[]): string {
  const open: string[] = [];
  let html = '';
  const close = () => (html += `</li></${open.pop()}>`);
  for (const { level, ordered, html: text } of items) {
    const tag = ordered ? 'ol' : 'ul';
    while (open.length > level + 1) close();
    if (open.length <= level && (open.length === 0 || open.length < level + 1)) {
      open.push(tag);
      html += `<${tag}>`;
    } else html += '</li>';
    html += `<li>${text}`;
  }
  while (open.length > 0) close();
  return html;
}
