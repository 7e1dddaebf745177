import { useTranslation } from 'react-i18next';
import { useTitle } from '../../lib/ui.tsx';
import { ErasuresSection } from './ErasuresSection.tsx';
import { HoldsSection } from './HoldsSection.tsx';
import { ImportSection } from './ImportSection.tsx';
import { RecordsSection } from './RecordsSection.tsx';
import { RequestsSection } from './RequestsSection.tsx';

/** Each section has a file and a heading of its own; a further one is a line here. */
const sections = [RequestsSection, RecordsSection, HoldsSection, ErasuresSection, ImportSection];

export function PrivacyPage() {
  const { t } = useTranslation();
  useTitle(t('privacy.title'));
  return (
    <main className="page stack" id="content">
      <h1>{t('privacy.title')}</h1>
      {sections.map((Section) => (
        <Section key={Section.name} />
      ))}
    </main>
  );
}
