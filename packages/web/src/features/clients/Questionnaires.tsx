import type { Instrument, Questionnaire, QuestionnaireEntered } from '@rapport/protocol/questionnaires';
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState, type FormEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { api } from '../../lib/api.ts';
import { useMay } from '../../lib/me.ts';
import { More } from '../../lib/Page.tsx';
import { Dialog, Failure, Field, Loading } from '../../lib/ui.tsx';
import { usePages } from '../../lib/usePages.ts';
import { ScoreChart } from './ScoreChart.tsx';

export const useInstruments = () =>
  useQuery({
    queryKey: ['/questionnaires'],
    queryFn: () => api.get<{ items: Instrument[] }>('/questionnaires'),
    staleTime: Infinity,
  });

/** What the client has answered over time, and a form for what was answered on paper. */
export function Questionnaires({ clientId }: { clientId: string }) {
  const { t } = useTranslation();
  const may = useMay();
  const queries = useQueryClient();
  const path = `/clients/${clientId}/questionnaires`;
  const list = usePages<Questionnaire>(path);
  const instruments = useInstruments();
  const [entering, setEntering] = useState<Instrument | null>(null);
  const [entered, setEntered] = useState<QuestionnaireEntered | null>(null);
  const answered = list.items.filter((one) => one.result !== null);
  const done = async (made: QuestionnaireEntered) => {
    setEntering(null);
    setEntered(made);
    await queries.invalidateQueries({ queryKey: [path] });
  };
  return (
    <section className="stack" aria-labelledby="questionnaires">
      <h2 id="questionnaires">{t('questionnaires.title')}</h2>
      <Failure error={list.error ?? instruments.error} />
      {list.isPending && <Loading />}
      {list.isSuccess && answered.length === 0 && <p className="soft">{t('questionnaires.empty')}</p>}
      {instruments.data?.items.map((instrument) => (
        <ScoreChart
          key={instrument.id}
          instrument={instrument}
          results={answered.filter((one) => one.instrument === instrument.id)}
        />
      ))}
      <More list={list} />
      {entered?.personCalled && (
        <p className="note bad" role="alert">
          {t('questionnaires.called')}
        </p>
      )}
      {may('clients.manage') && (
        <div className="row">
          {instruments.data?.items.map((instrument) => (
            <button key={instrument.id} type="button" onClick={() => setEntering(instrument)}>
              {t('questionnaires.enter', { title: instrument.title })}
            </button>
          ))}
        </div>
      )}
      <Dialog
        open={entering !== null}
        title={t('questionnaires.enter', { title: entering?.title ?? '' })}
        onClose={() => setEntering(null)}
      >
        {entering && <Enter path={path} instrument={entering} onDone={(made) => void done(made)} />}
      </Dialog>
    </section>
  );
}

interface EnterProps {
  path: string;
  instrument: Instrument;
  onDone(made: QuestionnaireEntered): void;
}

function Enter({ path, instrument, onDone }: EnterProps) {
  const { t } = useTranslation();
  const [answers, setAnswers] = useState<string[]>(() => instrument.items.map(() => ''));
  const save = useMutation({
    mutationFn: () =>
      api.post<QuestionnaireEntered>(path, { instrument: instrument.id, answers: answers.map((one) => Number(one)) }),
    onSuccess: onDone,
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form className="stack" onSubmit={submit}>
      <p>{instrument.question}</p>
      {instrument.items.map((item, at) => (
        <Field key={item} label={`${at + 1}. ${item}`}>
          {(ids) => (
            <select
              {...ids}
              required
              value={answers[at]}
              onChange={(e) => setAnswers(answers.with(at, e.target.value))}
            >
              <option value="">{t('questionnaires.choose')}</option>
              {instrument.options.map((option, value) => (
                <option key={option} value={value}>
                  {value} · {option}
                </option>
              ))}
            </select>
          )}
        </Field>
      ))}
      <Failure error={save.error} />
      <button className="primary" disabled={save.isPending}>
        {t('common.save')}
      </button>
      <p className="soft small">{instrument.source}</p>
    </form>
  );
}
