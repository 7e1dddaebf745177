import type { EngineName } from '@rapport/protocol/inference';
import type { ProviderService } from '../inference/providers.service.ts';
import type { PersonaService } from '../personas/service.ts';
import type { SessionRow } from './schema.ts';

const kept = 10_000;

/**
 * Which engine answers in a session. The persona's version is pinned for good, so a turn need not read the session for it
 * a second time; the provider is asked anew each time.
 */
export function createEngineChooser(parts: { personas: PersonaService; providers: ProviderService }) {
  const pinned = new Map<string, { personaId: string; version: number }>();

  const choose = async (orgId: string, personaId: string, version: number): Promise<EngineName> => {
    const { spec } = await parts.personas.publishedSpec(orgId, personaId, version);
    return (await parts.providers.engineFor(orgId, spec.model.providerId, spec.model.model)).name;
  };

  return {
    of(orgId: string, row: SessionRow): Promise<EngineName> {
      if (pinned.size >= kept) pinned.clear();
      pinned.set(`${orgId}/${row.id}`, { personaId: row.persona_id, version: row.persona_version });
      return choose(orgId, row.persona_id, row.persona_version);
    },

    /** For a session asked about before; the caller has checked the actor. */
    async known(orgId: string, sessionId: string): Promise<EngineName | undefined> {
      const pin = pinned.get(`${orgId}/${sessionId}`);
      return pin && choose(orgId, pin.personaId, pin.version);
    },
  };
}
