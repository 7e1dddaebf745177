import { ClientCreate } from '@rapport/protocol/clients';
import { readFile } from 'node:fs/promises';
import { DocumentCreate, KnowledgeBaseCreate } from '@rapport/protocol/knowledge';
import { PersonaCreate } from '@rapport/protocol/personas';
import type { Page } from '@rapport/protocol/common';
import type { DemoCreated } from '@rapport/protocol/setup';
import type { z } from 'zod';
import { requireStaff, type Actor } from '../../platform/actor.ts';
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

type DemoIds = z.infer<typeof DemoCreated>;

interface List<T> {
  items: T[];
  next: string | null;
}

/** Every item of a paged list, oldest first. */
async function all<T>(list: (page: Page) => Promise<List<T>>): Promise<T[]> {
  const found: T[] = [];
  for (let cursor: string | undefined; ;) {
    const page: List<T> = await list({ limit: 200, ...(cursor === undefined ? {} : { cursor }) });
    found.push(...page.items);
    if (page.next === null) return found.reverse();
    cursor = page.next;
  }
}

/** A demo organisation to look around in. Nothing of it appears unasked. */
export function createDemoService({ personas, knowledge, clients }: DemoParts) {
  const running = new Map<string, Promise<DemoIds>>();

  const base = async (actor: Actor, demo: DemoPersona): Promise<string> => {
    const known = (await all((page) => knowledge.bases.list(actor, page))).find((b) => b.name === demo.knowledgeBase);
    const { id } =
      known ?? (await knowledge.bases.create(actor, KnowledgeBaseCreate.parse({ name: demo.knowledgeBase })));
    const titles = (await all((page) => knowledge.documents.list(actor, id, page))).map((d) => d.title);
    for (const { title, file } of demo.documents.filter((d) => !titles.includes(d.title))) {
      const text = await readFile(new URL(file, material), 'utf8');
      await knowledge.documents.add(actor, id, DocumentCreate.parse({ title, text }));
    }
    return id;
  };

  /** Known by its reference material: a name may be anybody's, and somebody may have changed it. */
  const persona = async (actor: Actor, demo: DemoPersona): Promise<string> => {
    const knowledgeBaseId = await base(actor, demo);
    const list = await all((page) => personas.list(actor, { ...page, archived: true }));
    const known = list.find((p) => p.knowledgeBaseId === knowledgeBaseId);
    const { id, publishedVersion } =
      known ?? (await personas.create(actor, PersonaCreate.parse({ ...demo.persona, knowledgeBaseId })));
    if (publishedVersion === null) await personas.publish(actor, id);
    return id;
  };

  const make = async (actor: Actor): Promise<DemoIds> => {
    const personaIds: string[] = [];
    for (const demo of demoPersonas) personaIds.push(await persona(actor, demo));
    const known = (await all((page) => clients.list(actor, page))).find((c) => c.name === demoClient.name);
    const clientId = known?.id ?? (await clients.create(actor, ClientCreate.parse(demoClient))).id;
    return { personaIds, clientId };
  };

  return {
    /**
     * Makes what is missing of the demo and returns its ids; a second call makes nothing, also while the first runs on
     * this server. Throws `forbidden`.
     */
    async create(actor: Actor): Promise<DemoIds> {
      requireStaff(actor);
      const { orgId } = actor;
      const run = running.get(orgId) ?? make(actor).finally(() => running.delete(orgId));
      running.set(orgId, run);
      return run;
    },
  };
}
