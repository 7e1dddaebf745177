import { readZip } from '../../platform/zip/zip.ts';

const streamMs = 1500;
const archives = {
  names: ['manifest.json', 'person.json', 'person.md', 'person.pdf', 'account.json', 'account.md', 'account.pdf'],
  fileBytes: 50_000_000,
  ratio: 1000,
};

/** A stream of events ends where it says that the past was given. */
export async function textOf(response: Response): Promise<string> {
  const type = response.headers.get('content-type') ?? '';
  if (type === 'application/zip') {
    const files = await readZip(Buffer.from(await response.arrayBuffer()), archives);
    // A picture of the words, a PDF tells its date and is packed; its words stand in the other files as well.
    return [...files]
      .map(([name, bytes]) => `${name}\n${name.endsWith('.pdf') ? '' : bytes.toString('latin1')}`)
      .join('\n');
  }
  if (!type.startsWith('text/event-stream') || !response.body)
    return Buffer.from(await response.arrayBuffer()).toString('latin1');
  const reader = response.body.getReader();
  let text = '';
  const late = setTimeout(() => void reader.cancel(), streamMs);
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    text += Buffer.from(part.value).toString('latin1');
    if (text.includes('event: synced') || text.includes('event: reset')) break;
  }
  clearTimeout(late);
  await reader.cancel();
  return text;
}
