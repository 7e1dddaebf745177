import type { Passage } from '@rapport/protocol/knowledge';
import type { EventActor } from '@rapport/protocol/events';
import type { Database, Tx } from '../../platform/db/db.ts';
import { draft, type EventDraft } from '../../platform/events/store.ts';
import { newId } from '../../platform/ids.ts';
import type { Logger } from '../../platform/logger.ts';
import { profileForPrompt } from '../clients/prompt.ts';
import { languageOfClient } from '../clients/service.ts';
import type { Asking } from '../inference/asking.ts';
import { EngineError } from '../inference/engines/engine.ts';
import { streamWithRetry } from '../inference/engines/retry.ts';
import type { Generation, GenerationHandler, Outcome, Produced } from '../inference/generations.service.ts';
import type { ProviderService } from '../inference/providers.service.ts';
import type { KnowledgeService } from '../knowledge/service.ts';
import { withMarks } from '../knowledge/claims.ts';
import type { Recalled } from '../memory/recall.ts';
import type { RecallService } from '../memory/recall.service.ts';
import { answerFromPassages } from '../knowledge/reference.ts';
import type { PersonaService } from '../personas/service.ts';
import type { ConsentService } from '../privacy/consents.service.ts';
import { citedOf, createCiting } from './cited.ts';
import * as messages from './messages.store.ts';
import { buildPrompt, summaryAfter, summaryKeeps, summaryPrompt } from './prompt.ts';
import { createFollowUps } from './followUp.ts';
import { faultMessage } from './faults.ts';
import type { SessionAccess } from './access.ts';
import type { ConversationService } from './conversation.service.ts';
import type { ReviewService } from '../supervision/reviews.service.ts';
import { isHeld } from '../supervision/service.ts';
import type { SecondOpinion } from '../supervision/risk/opinion.ts';
import { createReplyWatch, HeldForPerson } from './watch.ts';
import type { SessionSafety } from './safety.ts';
import type { SessionRow } from './schema.ts';
import { rungOf, subjectOf } from './session.ts';
import * as store from './store.ts';

/** Bounds what a turn reads, however long the session is: more than the summary ever leaves over. */
const historyLimit = 80;
const guidanceLimit = 5;
const passageLimit = 6;
const retryBudgetMs = 30_000;

export interface ReplyParts {
  db: Database;
  log: Logger;
  personas: PersonaService;
  providers: ProviderService;
  knowledge: KnowledgeService;
  recall: RecallService;
  access: SessionAccess;
  consents: ConsentService;
  conversations: ConversationService;
  reviews: ReviewService;
  safety: SessionSafety;
  opinion: SecondOpinion;
  asking: Asking;
}

/** The person has not agreed, or no longer, that a model processes what they say. */
class ConsentMissing extends Error {
  constructor() {
    super('the person has not agreed to AI processing');
    this.name = 'ConsentMissing';
  }
}

const noUsage = { inputTokens: null, outputTokens: null, cachedTokens: null };

/** Makes the persona's replies: what goes into the prompt, who is asked, what the end of a reply leaves in the log. */
export function createReplyHandler(parts: ReplyParts): GenerationHandler {
  const { db, log, personas, providers, knowledge, recall, access, consents, conversations, reviews, safety, opinion } =
    parts;
  /** Replies after whose end there is something to do, which most have not. */
  const unanswered = new Set<string>();
  const lengthy = new Set<string>();
  const heldFor = new Map<string, HeldForPerson>();

  const followUps = createFollowUps(parts);

  const context = async (generation: Generation, signal: AbortSignal) => {
    const { orgId, sessionId } = generation;
    const gate = await consents.gate(orgId);
    // One transaction: every reply waits for this before its provider is asked.
    const { row, history, guidance, aboutClient, language, candidates } = await db.in(orgId).tx(async (tx) => {
      const session = await store.findSession(tx, orgId, sessionId, null);
      if (!session) throw new Error('the session of a reply is gone');
      // A reply that another server left behind is begun again here: what was agreed to then may have been withdrawn.
      const missing = await gate.missing(tx, subjectOf(session), ['ai-processing']);
      if (missing.length > 0) throw new ConsentMissing();
      const of = { clientId: session.client_id, threadId: session.thread_id, personaId: session.persona_id };
      const [said, advice, about, spoken, known] = await Promise.all([
        messages.recentMessages(tx, orgId, sessionId, session.summary_through, historyLimit),
        messages.recentGuidance(tx, orgId, sessionId, guidanceLimit),
        profileForPrompt(tx, orgId, session.client_id, session.goal_ids),
        languageOfClient(tx, orgId, session.client_id),
        recall.candidates(tx, orgId, gate, of),
      ]);
      return {
        row: session,
        history: said,
        guidance: advice,
        aboutClient: about,
        language: spoken,
        candidates: known,
      };
    });
    const { spec } = await personas.publishedSpec(orgId, row.persona_id, row.persona_version);
    // What is answered stands last, also when a reply to the message before it came in between.
    const answered = history.find((m) => m.id === generation.replyTo);
    const others = history.filter((m) => m.id !== generation.replaces && m !== answered);
    const kept = answered ? [...others, answered] : others;
    const questions = kept.filter((m) => m.author === 'client').map((m) => m.text);
    const question = questions.at(-1) ?? '';
    const baseId = question === '' ? null : spec.knowledgeBaseId;
    const asked = { questions, inFull: baseId && (await followUps.inFull(generation, spec, kept, signal)) };
    const asker = { personaId: generation.personaId, userId: generation.userId };
    const meaning = knowledge.meaningOf(orgId, asked, asker);
    const [passages, recalled] = await Promise.all([
      baseId ? knowledge.searchForPrompt(orgId, baseId, { ...asked, meaning, asker }, passageLimit) : [],
      recall.choose(orgId, candidates, questions, meaning),
    ]);
    return {
      row,
      spec,
      history: kept,
      guidance,
      aboutClient,
      language,
      question,
      passages,
      recalled,
    };
  };

  const speak = async (
    generation: Generation,
    onText: (text: string) => void,
    signal: AbortSignal,
  ): Promise<Produced> => {
    const { row, spec, recalled, ...rest } = await context(generation, signal);
    if (generation.replyTo && rest.question) {
      const found = await opinion.about(generation.orgId, rest.question, spec.model, signal);
      if (!safety.mayAnswer(found))
        throw new HeldForPerson(found, rest.question, { messageId: generation.replyTo, replyId: null });
    }
    const { engine, model } = await providers.engineFor(generation.orgId, spec.model.providerId, spec.model.model);
    const record = (memories: Recalled[], passages: Passage[]) =>
      recall.record(generation.orgId, {
        replyId: generation.id,
        sessionId: row.id,
        roomId: row.room_id,
        memories,
        passages,
      });
    if (!engine) {
      await record([], rest.passages);
      const answer = answerFromPassages(rest.question, rest.passages, rest.language);
      onText(answer.text);
      // Its quotes are slices of the passages, so there is nothing to find out.
      return { finishReason: 'stop', usage: noUsage, extra: { citations: answer.citations, claims: [] } };
    }
    const { messages: prompt, passages } = buildPrompt({
      persona: spec,
      summary: await store.openSummary(db.in(generation.orgId), generation.orgId, row),
      memories: recalled.map(({ line }) => line),
      ...rest,
    });
    await record(recalled, passages);
    const request = {
      model,
      messages: prompt,
      maxTokens: spec.model.maxTokens,
      ...(spec.model.temperature === null ? {} : { temperature: spec.model.temperature }),
      signal,
    };
    const { question, language } = rest;
    const citing = spec.knowledgeBaseId
      ? createCiting({ passages, question, language, onlyMaterial: spec.onlyMaterial }, onText)
      : null;
    const budget = { budgetMs: retryBudgetMs, maxAttempts: 4 };
    const end = await streamWithRetry(engine, request, citing?.onText ?? onText, budget);
    return { finishReason: end.finishReason, usage: end.usage, extra: citing?.end() };
  };

  /** What is held is read by people anyway; what is not is judged here, sentence by sentence, before it is shown. */
  const produce: GenerationHandler['produce'] = async (generation, onText, signal) => {
    try {
      if (generation.audience === 'staff') return await speak(generation, onText, signal);
      const watch = createReplyWatch(generation.id, safety.reviewReply, onText);
      const both = AbortSignal.any([signal, watch.signal]);
      const made = await speak(generation, watch.onText, both).catch((error: unknown) => watch.rethrow(error));
      watch.end();
      return made;
    } catch (error) {
      if (error instanceof HeldForPerson) heldFor.set(generation.id, error);
      throw error;
    }
  };

  /** Becomes what the client may see of the end of a held reply; null: nothing, or it was told already. */
  const endedHeld = async (
    tx: Tx,
    generation: Generation,
    row: SessionRow,
    outcome: Outcome,
  ): Promise<Outcome | null> => {
    const { orgId, roomId, id: replyId } = generation;
    const completed = outcome.status === 'completed';
    const found = safety.reviewReply(outcome.text);
    const risk = safety.riskOf(found);
    const open = await reviews.ended(tx, orgId, replyId, {
      completed,
      text: outcome.text,
      ...citedOf(outcome.extra),
      risk,
    });
    if (!open) {
      // What the decision asked for could not begin before this end.
      unanswered.add(replyId);
      return null;
    }
    if (!completed) return { ...outcome, text: open.released };
    const actor: EventActor = { kind: 'persona', id: generation.personaId, name: null };
    const { text } = outcome;
    const flags = await safety.onDraft(tx, orgId, row, { replyId, text, found });
    await access.append(tx, orgId, roomId, [...flags, draft('draft.ready', 'staff', actor, { replyId, text })]);
    return null;
  };

  const ended = async (tx: Tx, generation: Generation, made: Outcome) => {
    const { orgId, sessionId, roomId, id: replyId, engine, replyTo, replaces } = generation;
    const row = await store.lockSession(tx, orgId, sessionId, null);
    if (!row) return;
    const outcome = generation.audience === 'staff' ? await endedHeld(tx, generation, row, made) : made;
    if (!outcome) return;
    if (row.last_client_message !== replyTo) unanswered.add(replyId);
    const actor: EventActor = { kind: 'persona', id: row.persona_id, name: row.persona_name };
    const kept = outcome.status === 'completed' || (outcome.status === 'stopped' && outcome.text !== '');
    const messageId = kept ? newId() : null;
    const { citations, ...cited } = citedOf(outcome.extra);
    const { text, claims } = withMarks(outcome.text, cited.claims);
    const events: EventDraft[] = [];
    if (messageId) {
      events.push(
        draft('message.created', 'all', actor, {
          messageId,
          author: 'persona',
          text,
          replyId,
          engine,
          replaces,
          ...(citations.length ? { citations } : {}),
        }),
      );
    }
    if (messageId && claims.length) events.push(draft('reply.checked', 'staff', actor, { replyId, messageId, claims }));
    events.push(endEvent(actor, replyId, messageId, outcome));
    const held = heldFor.get(replyId);
    const found = held ?? (messageId ? safety.foundIn(text, replyId) : null);
    if (found) events.push(...(await safety.onReply(tx, orgId, row, found.where, found.found)));
    const first = await access.append(tx, orgId, roomId, events);
    if (first - row.summary_through > summaryAfter) lengthy.add(replyId);
    if (!messageId) return;
    if (replaces) await messages.supersede(tx, orgId, replaces);
    await messages.insertMessage(tx, orgId, sessionId, {
      id: messageId,
      roomId,
      seq: first,
      author: 'persona',
      text,
      replyId,
      replyStatus: outcome.status,
      engine,
      citations,
      claims,
    });
  };

  const summarise = async (generation: Generation) => {
    const { orgId, sessionId } = generation;
    const row = await store.findSession(db.in(orgId), orgId, sessionId, null);
    if (!row || row.message_count < summaryAfter) return;
    const gate = await consents.gate(orgId);
    if ((await gate.missing(db.in(orgId), subjectOf(row), ['ai-processing'])).length > 0) return;
    const history = await messages.recentMessages(db.in(orgId), orgId, sessionId, row.summary_through, historyLimit);
    if (history.length < summaryAfter) return;
    const { spec } = await personas.publishedSpec(orgId, row.persona_id, row.persona_version);
    const { engine, model } = await providers.engineFor(orgId, spec.model.providerId, spec.model.model);
    const done = history.slice(0, -summaryKeeps);
    const last = done.at(-1);
    if (!engine || !last) return;
    let summary = '';
    const request = {
      model,
      messages: summaryPrompt(await store.openSummary(db.in(orgId), orgId, row), done),
      maxTokens: 600,
    };
    const signal = AbortSignal.timeout(60_000);
    await streamWithRetry(engine, { ...request, signal }, (text) => (summary += text), {
      budgetMs: 30_000,
      maxAttempts: 3,
    });
    await store.saveSummary(db.in(orgId), orgId, row, summary.slice(0, 4000), last.seq);
  };

  return {
    produce,
    ended,
    faultOf: (error) => {
      if (error instanceof ConsentMissing) return 'consent-needed';
      if (error instanceof HeldForPerson) return 'held-for-person';
      return error instanceof EngineError ? error.fault : 'internal';
    },
    async held(tx, { orgId, sessionId, roomId, id, personaId }, shown) {
      const row = await store.lockSession(tx, orgId, sessionId, null);
      if (!row) return;
      const rung = rungOf(row);
      await reviews.open(tx, orgId, {
        id,
        sessionId,
        roomId,
        // Loosened again in the meantime: a person decides all the same.
        rung: isHeld(rung) ? rung : 'approve',
        risk: 0,
        released: shown,
      });
      const actor: EventActor = { kind: 'persona', id: personaId, name: row.persona_name };
      await access.append(tx, orgId, roomId, [draft('reply.held', 'all', actor, { replyId: id, text: shown })]);
    },
    costOf: (generation, usage) => providers.costOf(generation.orgId, generation.engine.model, usage),
    settled(generation, outcome) {
      const quietly = (what: string) => (error: Error) =>
        log.warn({ err: error.message }, `${what} failed; the next turn tries again`);
      const { id, orgId, sessionId } = generation;
      heldFor.delete(id);
      const waiting = unanswered.delete(id);
      const long = lengthy.delete(id);
      if (outcome.status === 'interrupted') return;
      if (long && outcome.status === 'completed') summarise(generation).catch(quietly('summarising'));
      if (waiting) conversations.answerPending(orgId, sessionId).catch(quietly('answering what came in meanwhile'));
    },
  };
}

function endEvent(actor: EventActor, replyId: string, messageId: string | null, outcome: Outcome): EventDraft {
  switch (outcome.status) {
    case 'completed':
      return draft('reply.completed', 'all', actor, {
        replyId,
        messageId: messageId ?? '',
        finishReason: outcome.finishReason ?? 'other',
        usage: outcome.usage ?? noUsage,
      });
    case 'stopped':
      return draft('reply.stopped', 'all', actor, { replyId, messageId, text: outcome.text });
    case 'interrupted':
      return draft('reply.interrupted', 'all', actor, { replyId, text: outcome.text });
    case 'failed': {
      const fault = outcome.fault ?? 'internal';
      return draft('reply.failed', 'all', actor, { replyId, text: outcome.text, fault, message: faultMessage(fault) });
    }
  }
}
