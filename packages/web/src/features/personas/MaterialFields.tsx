import type { KnowledgeBase } from '@rapport/protocol/knowledge';
import { useTranslation } from 'react-i18next';
import { useMay } from '../../lib/me.ts';
import { Picker } from '../../lib/Picker.tsx';
import { fieldError } from '../../lib/ui.tsx';
import { BaseState } from '../knowledge/BaseState.tsx';
import type { SpecProps } from './SpecFields.tsx';

/** What a persona answers from, and how it is used. */
export function MaterialFields({ spec, onChange, error }: SpecProps) {
  const { t } = useTranslation();
  const may = useMay();
  const check = (what: 'onlyMaterial' | 'rewriteQuestions') => (
    <label className="check">
      <input type="checkbox" checked={spec[what]} onChange={(e) => onChange({ ...spec, [what]: e.target.checked })} />
      <span>{t(`personas.${what}`)}</span>
    </label>
  );
  return (
    <>
      {may('knowledge.read') && (
        <Picker<KnowledgeBase>
          label={t('personas.knowledge')}
          path="/knowledge-bases"
          nameOf={(b) => b.name}
          detailOf={(b) => t('knowledge.documents', { count: b.documentCount })}
          value={spec.knowledgeBaseId}
          onPick={(knowledgeBaseId) => onChange({ ...spec, knowledgeBaseId })}
          none={t('common.none')}
          error={fieldError(error, '/knowledgeBaseId')}
        />
      )}
      {may('knowledge.read') && spec.knowledgeBaseId && <BaseState baseId={spec.knowledgeBaseId} />}
      {spec.knowledgeBaseId && check('onlyMaterial')}
      {spec.knowledgeBaseId && check('rewriteQuestions')}
    </>
  );
}
