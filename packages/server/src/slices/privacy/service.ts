import type { Database } from '../../platform/db/db.ts';
import { createErasureService, type ErasureParts } from './erasure.service.ts';
import { createHoldService } from './holds.service.ts';
import { createLedgerFile } from './ledger.ts';
import { createReceipts } from './receipts.ts';
import { createRequestService } from './requests.service.ts';

interface PrivacyParts extends Omit<ErasureParts, 'ledger' | 'receipts'> {
  db: Database;
  dataDir: string;
}

export type PrivacyService = ReturnType<typeof createPrivacyService>;

/** What people may ask of what is stored about them, and what keeps it. */
export function createPrivacyService({ dataDir, ...parts }: PrivacyParts) {
  const { db } = parts;
  const erasures = createErasureService({
    ...parts,
    ledger: createLedgerFile(dataDir),
    receipts: createReceipts({ db }),
  });
  return { erasures, holds: createHoldService({ db }), requests: createRequestService({ db }) };
}
