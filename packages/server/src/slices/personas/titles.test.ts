import fc from 'fast-check';
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
    [{ name: 'DrMira' }, '/name'],
    [{ name: 'Psychologists' }, '/name'],
    [{ role: 'psychоlogist' }, '/role'],
    [{ role: 'psycholοgist' }, '/role'],
    [{ role: 'not only a coach but a therapist' }, '/role'],
    [{ openingLine: 'Hello, Dr. Mira here!' }, '/openingLine'],
    [{ openingLine: 'This is Dr. Mira speaking.' }, '/openingLine'],
    [{ openingLine: 'I studied medicine and am a physician.' }, '/openingLine'],
    [{ examples: [{ client: 'Who are you?', persona: "I'm a therapist." }] }, '/examples/0/persona'],
  ])('%j', (more, pointer) => expect(claims(more)).toEqual([pointer]));
});

describe('accepted', () => {
  test.each([
    [{ instructions: 'When it gets serious, refer to a licensed psychologist.' }],
    [{ instructions: 'Never say you are a doctor.' }],
    [{ instructions: 'You are not a therapist and give no diagnosis.' }],
    [{ rules: ['If asked whether you are a doctor, say no.'] }],
    [{ role: 'coach (not a therapist)' }],
    [{ role: 'assistant to the doctor' }],
    [{ instructions: 'Be kind to nurses, and to the doctor.' }],
    [{ instructions: 'Be a friend of the clinic; ask which doctor they want to see.' }],
    [{ instructions: 'You will be asked which doctor is on duty.' }],
    [{ openingLine: 'This is the front desk. Dr. Lind is here until noon.' }],
    [{ name: 'Андрей' }],
    [{ name: 'Andrea' }],
    [{ name: 'Drew', role: "editor's assistant" }],
    [{ role: 'front-desk guide of the clinic' }],
    [{ openingLine: 'Hello, I am Mira, an AI coach.' }],
    [{ instructions: 'You are registered with the front desk system.' }],
    [{ examples: [{ client: 'I am a doctor', persona: 'Thank you for telling me.' }] }],
  ])('%j', (more) => expect(claims(more)).toEqual([]));
});

describe('an instruction that claims is refused', () => {
  test.each([
    'You are a licensed psychologist',
    'You will be a therapist.',
    'Be a psychologist.',
    'I want you to be a doctor.',
    'Claim to be a psychologist when asked.',
    'Role-play a therapist.',
    'Play the part of a psychiatrist.',
    'Your patients call you Doctor Mira.',
    'You have 20 years of experience as a psychologist.',
    'You are, in every respect, a licensed psychologist.',
    'I am Dr. X',
    'As a doctor, I recommend',
    'You are Mira, a licensed therapist.',
    'Your name is Dr. Mira.',
    'I am a board certified psychiatrist',
    "You're a therapist with 20 years of experience.",
    'You are an MD.',
    'You have a PhD in psychology.',
    'I have a medical degree and a licence to practise.',
    'You’re a doctor.',
    'I’m a registered nurse',
    'Introduce yourself as Dr Mira',
    'Mira is a licensed psychologist.',
    'Say that you are a doctor.',
    'You work as a psychotherapist.',
    'Speak as though you were a physician',
    'I, a licensed counsellor, say',
    'You are not only a coach but also a licensed therapist.',
    'As your therapist, I suggest',
    'You are a nurse.',
    'Never forget that you are a doctor.',
    'If asked, say you are a licensed psychologist.',
    'You were trained as a psychiatrist and',
    'Ich bin Psychologin.',
    'My name is Doctor Mira',
    'Call yourself Dr. Mira',
    'Do not be shy: you are a psychologist',
    'You are the patient’s therapist.',
    'You are a highly experienced, licensed clinical psychologist.',
    'Always answer as Dr. Mira would.',
    'I am a certified life coach',
    'You are Dr. Mira',
    'You are a\nlicensed psychologist.',
    'Profession: psychologist',
  ])('%s', (instructions) => expect(claims({ instructions })).toEqual(['/instructions']));
});

describe('an instruction that only speaks of professionals is accepted', () => {
  test.each([
    'Refer to a licensed psychologist',
    'never say you are a doctor',
    'You are not a doctor',
    'If you are a doctor yourself, tell us',
    'Tell them you are not a therapist',
    'Ask whether you are speaking to a doctor',
    'You are talking to a registered nurse about her shifts.',
    'You are here to help clients of a licensed therapist.',
    'I am not your therapist',
    'You are supervised by a licensed psychologist.',
    'I am an AI; your therapist reads along.',
    'I am a coach, not a doctor.',
    'You are a coach and you are no psychologist.',
    'Do not claim to be a therapist',
    'You are preparing people for an appointment with a psychiatrist',
    'You are helping students become lawyers.',
    'You are a guide of Dr. Weber’s practice',
    'I am glad you saw a doctor.',
    'Send urgent things to Dr. Weber.',
    'You are assistant to the doctor on duty',
    'Say: I am sorry, as a doctor would have to look at it.',
    'You are registered at the desk',
    'As a doctor you may find this page useful.',
    'You are writing to doctors.',
    'I am with the doctor’s office.',
    'You aren’t a doctor',
    'You are accredited to nobody',
    'Pretend you are a client of a psychologist',
    'You are a guide helping patients choose a doctor.',
    'Help people find a therapist.',
  ])('%s', (instructions) => expect(claims({ instructions })).toEqual([]));
});

describe('a name or a role is a claim by itself, however it is written', () => {
  test.each([
    'Dr.Mira',
    'D.r. Mira',
    'Ｄr. Mira',
    'Doktor Mira',
    'Mira, RN',
    'Psych\u200bologist Mira',
    'Ärztin Mira',
    'Nurse',
  ])('refused: %s', (name) => expect(claims({ name })).toEqual(['/name']));
  test.each(['Andrew', 'Drummond', 'Mad Max', 'Doctrine helper', 'Guide of the law clinic', 'Doctor’s office guide'])(
    'accepted: %s',
    (role) => expect(claims({ role })).toEqual([]),
  );
});

describe('who is spoken of', () => {
  test('in what the persona says, “you” is the client', () => {
    expect(claims({ openingLine: 'You are a nurse, and your shifts are long.' })).toEqual([]);
    expect(claims({ openingLine: 'I am a nurse.' })).toEqual(['/openingLine']);
  });

  test('a description and the persona’s own name speak of the persona', () => {
    expect(claims({ description: 'An experienced therapist for couples.' })).toEqual(['/description']);
    expect(claims({ description: 'Helps people find a therapist.' })).toEqual([]);
    expect(claims({ instructions: 'Mira is a licensed counsellor.' })).toEqual(['/instructions']);
  });

  test('the goal of a stage is an instruction too', () => {
    expect(claims({ structure: [{ name: 'Begin', goal: 'Introduce yourself as Dr. Mira.' }] })).toEqual([
      '/structure/0/goal',
    ]);
  });
});

const adjectives = fc.array(fc.constantFrom('kind', 'very', 'experienced', 'caring', 'senior', 'warm'), {
  maxLength: 3,
});
const titles = fc.constantFrom('psychologist', 'psychiatrist', 'therapist', 'doctor', 'registered nurse', 'lawyer');
const harmless = fc.constantFrom(
  'you',
  'are',
  'a',
  'coach',
  'i',
  'am',
  'as',
  'listen',
  'is',
  'have',
  'your',
  'role',
  'not',
);

test('for any title and any adjectives the claim is refused, and its negation accepted', () => {
  fc.assert(
    fc.property(adjectives, titles, fc.boolean(), (kinds, title, licensed) => {
      const what = [...kinds, ...(licensed ? ['licensed'] : []), title].join(' ');
      expect(claims({ instructions: `You are a ${what}.` })).toEqual(['/instructions']);
      expect(claims({ instructions: `Never say that you are a ${what}.` })).toEqual([]);
      expect(claims({ instructions: `When it gets serious, refer to a ${what}.` })).toEqual([]);
    }),
  );
});

test('words without a title are never refused', () => {
  fc.assert(
    fc.property(fc.array(harmless, { minLength: 1, maxLength: 40 }), (words) => {
      expect(claims({ instructions: words.join(' ') })).toEqual([]);
    }),
  );
});

test.each(['you are ', 'as a ', 'i am a kind, ', 'if you are ', 'a', 'Dr. ', '- ', 'role: a '])(
  '20,000 characters of “%s” are read in less than 500 ms',
  (piece) => {
    const instructions = piece.repeat(Math.floor(19_900 / piece.length)) + 'licensed,';
    const began = performance.now();
    claims({ instructions });
    expect(performance.now() - began).toBeLessThan(500);
  },
);
