import type { Archive } from '../archive.ts';
import type { Draft } from '../format.ts';
import type { Limits } from '../limits.ts';
import { first, parseXml, textOf, attribute } from '../xml.ts';

/** What a document of Word, Excel or PowerPoint says of itself. */
export async function readProperties(archive: Archive, limits: Limits): Promise<Pick<Draft, 'title' | 'language'>> {
  const core = await archive.text('docProps/core.xml');
  const found = core === null ? null : parseXml(core, limits);
  const said = (name: string) => {
    const element = found && first(found, name);
    return element ? textOf(element) : null;
  };
  return { title: said('title'), language: said('language') || (await ofStyles(archive, limits)) };
}

/** The language of a Word document's normal text. */
async function ofStyles(archive: Archive, limits: Limits): Promise<string | null> {
  const styles = await archive.text('word/styles.xml');
  const defaults = styles === null ? undefined : first(parseXml(styles, limits), 'docDefaults');
  const language = defaults && first(defaults, 'lang');
  return (language && attribute(language, 'val')) ?? null;
}
