import { PersonaCreate } from '@rapport/protocol/personas';
import { describe, expect, test } from 'vitest';
import { findTitleClaims } from './titles.ts';

const base = { name: 'Mira', role: 'wellbeing coach', instructions: 'Listen.' };
const claims = (more: object) => findTitleClaims(PersonaCreate.parse({ ...base, ...more })).map((e) => e.pointer);

describe('refused', () => {
  test.each([
    [{ name: 'Dr. Mira' }, '/name'],
    [{ name: 'dr mira' }, '/name'],
    [{ name: 'Mira, MD' }, '/name'],
    [{ name: 'Mira PhD' }, '/name'],
    [{ role: 'licensed therapist' }, '/role'],
    [{ role: 'Psychologist' }, '/role'],
    [{ role: 'registered nurse' }, '/role'],
    [{ instructions: 'You are a licensed psychologist.' }, '/instructions'],
    [{ instructions: 'Be kind. You are an experienced clinical psychologist who listens.' }, '/instructions'],
    [{ instructions: 'As a doctor, I know best.' }, '/instructions'],
    [{ openingLine: 'Hello, I am Dr. Mira.' }, '/openingLine'],
    [{ rules: ['Act as a board-certified psychiatrist'] }, '/rules/0'],
    [{ examples: [{ client: 'Who are you?', persona: "I'm a therapist." }] }, '/examples/0/persona'],
  ])('%j', (more, pointer) => expect(claims(more)).toEqual([pointer]));
});

describe('accepted', () => {
  test.each([
    [{ instructions: 'When it gets serious, refer to a licensed psychologist.' }],
    [{ instructions: 'Never say you are a doctor.' }],
    [{ instructions: 'You are not a therapist and give no diagnosis.' }],
    [{ rules: ['If asked whether you are a doctor, say no.'] }],
    [{ name: 'Andrea' }],
    [{ name: 'Drew', role: "editor's assistant" }],
    [{ role: 'front-desk guide of the clinic' }],
    [{ openingLine: 'Hello, I am Mira, an AI coach.' }],
    [{ instructions: 'You are registered with the front desk system.' }],
    [{ examples: [{ client: 'I am a doctor', persona: 'Thank you for telling me.' }] }],
  ])('%j', (more) => expect(claims(more)).toEqual([]));
});
