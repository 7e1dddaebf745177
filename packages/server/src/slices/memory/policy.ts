import type { MemoryPolicy } from '@rapport/protocol/memory';
import type { Db } from '../../platform/db/db.ts';
import { findPolicy } from './policy.store.ts';

/** Until an organisation says otherwise: everything waits for a person, and what is sensitive stays out of prompts. */
const unless: MemoryPolicy = { propose: 'model', autoApprove: false, recallSensitive: false, budgetTokens: 600 };

export const policyOf = async (db: Db, orgId: string): Promise<MemoryPolicy> => (await findPolicy(db, orgId)) ?? unless;
