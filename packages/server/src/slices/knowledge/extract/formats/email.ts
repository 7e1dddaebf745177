import PostalMime, { type Address } from 'postal-mime';
import type { Draft, Source } from '../format.ts';
import { fragmentToMarkdown } from '../html.ts';
import { escapeBlock } from '../markdown.ts';

const names = (addresses: Address[]): string =>
  addresses
    .flatMap((one) => (one.group ? one.group : [one]))
    .map(({ name, address }) => (name && address ? `${name} <${address}>` : name || address || ''))
    .join(', ');

/** Subject, who wrote when to whom, the text of its parts, and the names of what is attached. */
export async function readEmail({ bytes, limits }: Source): Promise<Draft> {
  const mail = await PostalMime.parse(bytes, { maxNestingDepth: 50 });
  const lines = [
    ['From', names(mail.from ? [mail.from] : [])],
    ['To', names(mail.to ?? [])],
    ['Cc', names(mail.cc ?? [])],
    ['Date', mail.date ?? ''],
  ].flatMap(([name, value]) => (value ? [`${name}: ${value}`] : []));
  const body = mail.html ? fragmentToMarkdown(mail.html, limits) : (mail.text ?? '');
  const attached = mail.attachments
    .filter(({ related }) => !related)
    .map(({ filename, mimeType }) => `- ${filename ?? 'without a name'} (${mimeType})`);
  return {
    title: mail.subject,
    parts: [
      [
        mail.subject ? `# ${escapeBlock(mail.subject.replaceAll(/\s+/g, ' '))}` : '',
        lines.join('\n'),
        body,
        attached.length > 0 ? `Attached:\n\n${attached.join('\n')}` : '',
      ]
        .filter((part) => part !== '')
        .join('\n\n'),
    ],
  };
}
