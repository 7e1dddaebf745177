import { readFile } from 'node:fs/promises';
import { PersonaCreate } from '@rapport/protocol/personas';
import type { Page } from '@rapport/protocol/common';
import { requireOwner, type Actor } from '../../platform/actor.ts';
import type { ClientService } from '../clients/service.ts';
import type { KnowledgeService } from '../knowledge/service.ts';
import type { PersonaService } from '../personas/service.ts';
import { demoClient, demoPersonas, type DemoPersona } from './personas.ts';

export type DemoService = ReturnType<typeof createDemoService>;

export interface DemoParts {
  personas: PersonaService;
  knowledge: KnowledgeService;
  clients: ClientService;
}

const material = new URL('./material/', import.meta.url);

interface List<T> {
  items: T[];
  next: string | null;
}

/** Something of this name, wherever it stands in the list. */
async function findByName<T extends { name: string }>(list: (page: Page) => Promise<List<T>>, name: string): Promise<T | undefined> {
  for (let cursor: string | undefined; ; ) {
    const page: List<T> = await list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    const found = page.items.find((item) => item.name === name);
    if (found || page.next === null) return found;
    cursor = page.next;
  }
}

/** A demo organisation to look around in. Nothing of it appears unasked. */
export function createDemoService({ personas, knowledge, clients }: DemoParts) {
  const base = async (actor: Actor, demo: DemoPersona): Promise<string> => {
    const known = await findByName((page) => knowledge.listBases(actor, page), demo.knowledgeBase);
    if (known) return known.id;
    const { id } = await knowledge.createBase(actor, demo.knowledgeBase);
    for (const { title, file } of demo.documents) {
      await knowledge.addDocument(actor, id, { title, text: await readFile(new URL(file, material), 'utf8') });
    }
    return id;
  };

  const persona = async (actor: Actor, demo: DemoPersona): Promise<string> => {
    const known = await findByName((page) => personas.list(actor, page), demo.persona.name);
    if (known) return known.id;
    const spec = PersonaCreate.parse({ ...demo.persona, knowledgeBaseId: await base(actor, demo) });
    const { id } = await personas.create(actor, spec);
    await personas.publish(actor, id);
    return id;
  };

  return {
    /** Makes what is missing of the demo and returns its ids; a second call makes nothing. Throws `forbidden`. */
    async create(actor: Actor): Promise<{ personaIds: string[]; clientId: string }> {
      requireOwner(actor);
      const personaIds: string[] = [];
      for (const demo of demoPersonas) personaIds.push(await persona(actor, demo));
      const known = await findByName((page) => clients.list(actor, page), demoClient.name);
      const clientId = known?.id ?? (await clients.create(actor, demoClient)).id;
      return { personaIds, clientId };
    },
  };
}
