import ReactMarkdown, { type Components } from 'react-markdown';
import rehypeSanitize, { defaultSchema } from 'rehype-sanitize';
import remarkGfm from 'remark-gfm';

const schema = {
  ...defaultSchema,
  tagNames: (defaultSchema.tagNames ?? []).filter((tag) => tag !== 'input'),
  protocols: { ...defaultSchema.protocols, href: ['http', 'https', 'mailto'], src: ['http', 'https'] },
};

/** Shows where a link goes, unless its text is exactly that: a text that merely holds the name may be a trap. */
function Link({ href, text }: { href: string | undefined; text: React.ReactNode }) {
  if (!href) return <>{text}</>;
  const host = URL.canParse(href) ? new URL(href).host || href.replace(/^mailto:/, '') : href;
  const said = typeof text === 'string' && (text === host || text === href);
  return (
    <a href={href} target="_blank" rel="noopener noreferrer nofollow">
      {text}
      {!said && ` (${host})`}
    </a>
  );
}

const components: Components = {
  a: ({ href, children }) => <Link href={href} text={children} />,
  // Loading an image would tell its server who reads what; its address is shown instead.
  img: ({ src, alt }) => <Link href={typeof src === 'string' ? src : undefined} text={alt || 'image'} />,
  h1: ({ children }) => (
    <p>
      <strong>{children}</strong>
    </p>
  ),
  h2: ({ children }) => (
    <p>
      <strong>{children}</strong>
    </p>
  ),
  h3: ({ children }) => (
    <p>
      <strong>{children}</strong>
    </p>
  ),
};

/** A message as people read it: no HTML, no script, nothing loaded from anywhere. */
export function Markdown({ text }: { text: string }) {
  return (
    <ReactMarkdown
      remarkPlugins={[remarkGfm]}
      rehypePlugins={[[rehypeSanitize, schema]]}
      components={components}
      skipHtml
    >
      {text}
    </ReactMarkdown>
  );
}
