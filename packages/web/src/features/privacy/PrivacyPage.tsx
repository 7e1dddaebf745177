import type { Permission } from '@rapport/protocol/permissions';
import type { ComponentType } from 'react';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Page } from '../../lib/Page.tsx';
import { MemorySection } from '../memory/MemorySection.tsx';
import { ConsentsSection } from './ConsentsSection.tsx';
import { DeidSection } from './DeidSection.tsx';
import { ErasuresSection } from './ErasuresSection.tsx';
import { HoldsSection } from './HoldsSection.tsx';
import { ImportSection } from './ImportSection.tsx';
import { ProcessingSection } from './ProcessingSection.tsx';
import { RecordsSection } from './RecordsSection.tsx';
import { RequestsSection } from './RequestsSection.tsx';
import { RetentionSection } from './RetentionSection.tsx';

/** Each section has a file and a heading of its own, and stands for who may use it; a further one is a line here. */
const sections: [ComponentType, ...Permission[]][] = [
  [RequestsSection, 'privacy.manage'],
  [RecordsSection, 'privacy.manage', 'clients.read'],
  [ConsentsSection, 'privacy.manage'],
  [MemorySection, 'memory.read'],
  [RetentionSection, 'privacy.manage'],
  [HoldsSection, 'privacy.manage'],
  [ErasuresSection, 'privacy.read'],
  [ImportSection, 'privacy.manage'],
  [DeidSection, 'research.read'],
  [ProcessingSection, 'privacy.read'],
];

export function PrivacyPage() {
  const { t } = useTranslation();
  const may = useMay();
  return (
    <Page title={t('privacy.title')}>
      <div className="stack">
        {sections.map(([Section, ...needed]) => needed.every(may) && <Section key={Section.name} />)}
      </div>
    </Page>
  );
}
