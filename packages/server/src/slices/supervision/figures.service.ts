import type { FigureQuery, SupervisionFigures } from '@rapport/protocol/insights';
import { requireStaff, type Actor } from '../../platform/actor.ts';
import type { Clock } from '../../platform/clock.ts';
import type { Database } from '../../platform/db/db.ts';
import * as store from './figures.store.ts';

const dayMs = 86_400_000;

export type FigureService = ReturnType<typeof createFigureService>;

/** How held replies fared: numbers of a whole organisation, with nothing of what was said. */
export function createFigureService({ db, clock }: { db: Database; clock: Clock }) {
  return {
    async ofSupervision(actor: Actor, { days }: FigureQuery): Promise<SupervisionFigures> {
      requireStaff(actor);
      const from = new Date(Math.floor(clock.now() / dayMs) * dayMs - (days - 1) * dayMs).toISOString();
      const home = db.in(actor.orgId);
      const [counted, reasons] = await Promise.all([
        store.countDecisions(home, actor.orgId, from),
        store.countReasons(home, actor.orgId, from),
      ]);
      const personas = counted.map((one) => {
        const decided = one.released + one.rejected;
        return {
          ...one,
          approvalRate: decided === 0 ? null : one.released / decided,
          reasons: reasons
            .filter(({ personaId }) => personaId === one.personaId)
            .map(({ reason, count }) => ({ reason, count })),
        };
      });
      return { from, personas };
    },
  };
}
