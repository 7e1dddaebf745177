import type { ReportSection } from '@rapport/protocol/reports';
import type { DraftSection } from './Sections.tsx';

/** What somebody is changing, with guesses that may be shown no more taken out of it, and put back when they may. */
export const asAllowed = (drafts: DraftSection[], stored: ReportSection[]): DraftSection[] =>
  drafts.map((one) => {
    const now = stored.find(({ id }) => id === one.id);
    return now && (now.withheld || one.withheld) ? now : one;
  });
