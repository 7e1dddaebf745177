import type { Purpose } from '@rapport/protocol/consents';

export interface Wording {
  language: string;
  text: string;
}

/** What is asked until an organisation publishes texts of its own: version 0 of every purpose. */
export const houseWordings: Record<Purpose, Wording[]> = {
  recording: [
    {
      language: 'en',
      text: 'What is written in this conversation is stored, so that the team can read it and support me. Without this I cannot write here.',
    },
    {
      language: 'de',
      text: 'Was in diesem Gespräch geschrieben wird, wird gespeichert, damit das Team es lesen und mich begleiten kann. Ohne das kann ich hier nicht schreiben.',
    },
  ],
  'ai-processing': [
    {
      language: 'en',
      text: 'An AI model processes what I write, so that the AI persona can answer. Without this only people of the team answer.',
    },
    {
      language: 'de',
      text: 'Ein KI-Modell verarbeitet, was ich schreibe, damit die KI-Persona antworten kann. Ohne das antworten nur Menschen des Teams.',
    },
  ],
  memory: [
    {
      language: 'en',
      text: 'The AI persona may remember from one conversation to the next what I have told it.',
    },
    {
      language: 'de',
      text: 'Die KI-Persona darf sich von einem Gespräch zum nächsten merken, was ich ihr erzählt habe.',
    },
  ],
  emotion: [
    {
      language: 'en',
      text: 'When a person of the team asks for it, an AI model may guess from what I write how I seem to feel, for example calm, worried or low. The team sees it as a guess, not as a finding; nothing is decided by it. If I say no, nothing changes for me.',
    },
    {
      language: 'de',
      text: 'Wenn ein Mensch des Teams es will, darf ein KI-Modell aus dem, was ich schreibe, vermuten, wie ich mich fühle, zum Beispiel ruhig, besorgt oder niedergeschlagen. Das Team sieht es als Vermutung, nicht als Befund; entschieden wird danach nichts. Wenn ich nein sage, ändert sich für mich nichts.',
    },
  ],
  research: [
    {
      language: 'en',
      text: 'My conversations may be used for research and to improve the service, after my name and other identifiers have been removed.',
    },
    {
      language: 'de',
      text: 'Meine Gespräche dürfen für Forschung und zur Verbesserung des Angebots verwendet werden, nachdem mein Name und andere Kennzeichen entfernt wurden.',
    },
  ],
  sharing: [
    {
      language: 'en',
      text: 'My conversations may be given to others outside the team, after my name and other identifiers have been removed.',
    },
    {
      language: 'de',
      text: 'Meine Gespräche dürfen an andere außerhalb des Teams weitergegeben werden, nachdem mein Name und andere Kennzeichen entfernt wurden.',
    },
  ],
};

const base = (language: string): string => language.toLowerCase().split('-')[0] ?? '';

/** The text in the first wanted language there is, else in English, else the first. `wanted`: as in Accept-Language. */
export function pickWording(texts: Wording[], wanted: string): Wording {
  const order = wanted.split(',').map((one) => one.split(';')[0]?.trim() ?? '');
  for (const language of [...order, 'en']) {
    const found =
      texts.find((one) => one.language.toLowerCase() === language.toLowerCase()) ??
      texts.find((one) => language !== '' && base(one.language) === base(language));
    if (found) return found;
  }
  const [first] = texts;
  if (!first) throw new Error('a purpose without any text');
  return first;
}
