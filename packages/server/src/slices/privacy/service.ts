import type { Database } from '../../platform/db/db.ts';
import { createErasureService, type ErasureParts } from './erasure.service.ts';
import { createExportService, type ExportParts } from './export.service.ts';
import { createHoldService } from './holds.service.ts';
import { createImportService, type ImportParts } from './import.service.ts';
import { createLedgerFile } from './ledger.ts';
import { createReceipts } from './receipts.ts';
import { createRequestService } from './requests.service.ts';

interface PrivacyParts
  extends Omit<ErasureParts, 'ledger' | 'receipts'>, Omit<ImportParts, 'db' | 'audit' | 'keyring'>, ExportParts {
  db: Database;
  dataDir: string;
}

/** What people may ask of what is stored about them, and what keeps it. */
export function createPrivacyService({ dataDir, ...parts }: PrivacyParts) {
  const { db, audit } = parts;
  const requests = createRequestService({ db });
  return {
    erasures: createErasureService({
      ...parts,
      ledger: createLedgerFile(dataDir),
      receipts: createReceipts({ db }),
    }),
    holds: createHoldService({ db, audit }),
    requests,
    exports: createExportService(parts),
    imports: createImportService(parts),
  };
}
