import type { App } from './server.ts';

interface Operation {
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: unknown }[];
  requestBody?: { content?: Record<string, { schema?: unknown }> };
  responses?: Record<string, { content?: Record<string, { schema?: unknown }> }>;
}

const escapes: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };
const escape = (text: string): string => text.replace(/[&<>"]/g, (c) => escapes[c] ?? c);

const style = `:root{color-scheme:light dark}a{color:light-dark(#1f6f5c,#63c7ab)}body{background:light-dark(#fff,#14181a);color:light-dark(#1b2422,#e8edeb);font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
h2{font-size:1rem;margin:0;display:inline}code,pre{font:14px/1.4 ui-monospace,monospace}pre{overflow:auto;padding:.75rem;
border:1px solid color-mix(in srgb,currentColor 25%,transparent);border-radius:.5rem}summary{padding:.5rem 0;cursor:pointer}
details{border-bottom:1px solid color-mix(in srgb,currentColor 20%,transparent)}.m{display:inline-block;min-width:4.5rem;font-weight:600}`;

const schemaBlock = (title: string, content: Record<string, { schema?: unknown }> | undefined): string => {
  const schema = Object.values(content ?? {})[0]?.schema;
  return schema ? `<h3>${escape(title)}</h3><pre tabindex="0">${escape(JSON.stringify(schema, null, 2))}</pre>` : '';
};

function operationHtml(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    (p) =>
      `<li><code>${escape(p.name)}</code> in ${escape(p.in)}${p.required ? ', required' : ''} <code>${escape(JSON.stringify(p.schema ?? {}))}</code></li>`,
  );
  const responses = Object.entries(operation.responses ?? {}).map(([status, r]) =>
    schemaBlock(`Answer ${status}`, r.content),
  );
  return `<details><summary><h2><span class="m">${method.toUpperCase()}</span> <code>${escape(path)}</code></h2> ${escape(operation.summary ?? '')}</summary>
${parameters.length ? `<h3>Parameters</h3><ul>${parameters.join('')}</ul>` : ''}${schemaBlock('Body', operation.requestBody?.content)}${responses.join('')}</details>`;
}

function page(document: { paths?: Record<string, Record<string, unknown>> }): string {
  const operations = Object.entries(document.paths ?? {}).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => operationHtml(method, path, operation as Operation)),
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Rapport API</title><link rel="stylesheet" href="/api/docs/style.css"></head><body><main><h1>Rapport API</h1>
<p>Errors are RFC 9457 problem documents. Lists are <code>{items, next}</code>; pass <code>next</code> as <code>cursor</code>.
Clients send <code>Authorization: Bearer …</code>. The same as a document: <a href="/api/openapi.json">openapi.json</a>.</p>
${operations.join('\n')}</main></body></html>`;
}

/** The API's description, generated from the schemas, and a readable page of it that needs no script. */
export function serveDocs(app: App): void {
  const config = { permission: 'public' } as const;
  const schema = { hide: true };
  // Already text: no schema of ours describes OpenAPI itself.
  const asIs = (text: unknown) => String(text);
  let html: string | undefined;
  app.get('/api/openapi.json', { config, schema }, (_request, reply) =>
    reply.type('application/json').serializer(asIs).send(JSON.stringify(app.swagger())),
  );
  app.get('/api/docs', { config, schema }, (_request, reply) => {
    html ??= page(app.swagger() as Parameters<typeof page>[0]);
    return reply.type('text/html; charset=utf-8').send(html);
  });
  app.get('/api/docs/style.css', { config, schema }, (_request, reply) =>
    reply.type('text/css; charset=utf-8').send(style),
  );
}
