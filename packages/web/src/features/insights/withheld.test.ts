import type { ReportSection } from '@rapport/protocol/reports';
import { expect, test } from 'vitest';
import { asAllowed } from './withheld.ts';

const section = (id: string, text: string, withheld = false): ReportSection => ({
  id,
  kind: 'ai',
  heading: 'Heading',
  text,
  seqs: [],
  places: [],
  edited: false,
  tone: id === 'tone',
  withheld,
});

test('a guess goes out of what is being written when it may be shown no more, and nothing else does', () => {
  const drafts = [section('other', 'changed'), section('tone', 'worried'), { heading: 'New', text: 'of mine' }];
  const without = asAllowed(drafts, [section('other', 'before'), section('tone', 'Not shown.', true)]);
  expect(without.map(({ text }) => text)).toEqual(['changed', 'Not shown.', 'of mine']);
  const again = asAllowed(without, [section('other', 'before'), section('tone', 'worried')]);
  expect(again.map(({ text }) => text)).toEqual(['changed', 'worried', 'of mine']);
});
