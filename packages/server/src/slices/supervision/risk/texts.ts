import type { NoticeKind, SafetyWording } from '@rapport/protocol/safety';

const numbers = {
  en: 'If your life is in danger now, call the emergency number: 112 in Europe, 999 in the United Kingdom, 911 in the United States and Canada.',
  de: 'Wenn Ihr Leben jetzt in Gefahr ist, wählen Sie den Notruf 112.',
};

const en = (text: string): SafetyWording => ({ language: 'en', text });
const de = (text: string): SafetyWording => ({ language: 'de', text });

/** What clients are told besides, where a model may be asked how they seem to feel. */
export const emotionTexts: SafetyWording[] = [
  en(
    'If you have agreed to it, the team may also have an AI model guess from what you write how you seem to feel. The team sees that as a guess, not as a finding. You can take your agreement back at any time.',
  ),
  de(
    'Wenn Sie zugestimmt haben, kann das Team auch ein KI-Modell vermuten lassen, wie Sie sich nach dem, was Sie schreiben, fühlen. Das Team sieht es als Vermutung, nicht als Befund. Sie können Ihre Zustimmung jederzeit zurücknehmen.',
  ),
];

/** What is shown until an organisation publishes texts of its own: version 0. The numbers are to be checked by each. */
export const houseTexts: Record<NoticeKind, SafetyWording[]> = {
  'self-harm': [
    en(
      `What you write sounds as if you might be in danger. The AI persona stops here, and a person of our team has been called. This text was written by people and is sent automatically.\n\n${numbers.en}\n\nYou can talk to somebody at any hour: 988 in the United States and Canada (call or text), 116 123 (Samaritans) in the United Kingdom and Ireland. If you can, go to somebody you trust and do not stay alone.`,
    ),
    de(
      `Was Sie schreiben, klingt, als könnten Sie in Gefahr sein. Die KI-Persona hört hier auf, und ein Mensch aus unserem Team ist gerufen. Diesen Text haben Menschen geschrieben; er wird automatisch gesendet.\n\n${numbers.de}\n\nZu jeder Stunde hört Ihnen jemand zu: TelefonSeelsorge 0800 111 0 111, 0800 111 0 222 oder 116 123. Gehen Sie, wenn es geht, zu einem Menschen, dem Sie vertrauen, und bleiben Sie nicht allein.`,
    ),
  ],
  'harm-to-others': [
    en(
      `What you write sounds as if somebody could be hurt. The AI persona stops here, and a person of our team has been called. This text was written by people and is sent automatically.\n\nIf somebody is in danger now, call the emergency number: 112 in Europe, 999 in the United Kingdom, 911 in the United States and Canada. If you can, leave the room and put distance between you and them.`,
    ),
    de(
      `Was Sie schreiben, klingt, als könnte jemand verletzt werden. Die KI-Persona hört hier auf, und ein Mensch aus unserem Team ist gerufen. Diesen Text haben Menschen geschrieben; er wird automatisch gesendet.\n\nWenn jetzt jemand in Gefahr ist, wählen Sie den Notruf 112 oder die Polizei 110. Verlassen Sie, wenn es geht, den Raum und schaffen Sie Abstand.`,
    ),
  ],
  abuse: [
    en(
      `What you write sounds as if somebody is hurting you. That is not your fault. The AI persona stops here, and a person of our team has been called. This text was written by people and is sent automatically.\n\nIf you are in danger now, call the emergency number: 112 in Europe, 999 in the United Kingdom, 911 in the United States and Canada. You can also call 0808 2000 247 (United Kingdom) or 1-800-799-7233 (United States), at any hour. If somebody may look at this device, think of closing this page.`,
    ),
    de(
      `Was Sie schreiben, klingt, als täte Ihnen jemand Gewalt an. Das ist nicht Ihre Schuld. Die KI-Persona hört hier auf, und ein Mensch aus unserem Team ist gerufen. Diesen Text haben Menschen geschrieben; er wird automatisch gesendet.\n\nWenn Sie jetzt in Gefahr sind, wählen Sie 110 oder 112. Hilfetelefon „Gewalt gegen Frauen“: 116 016, zu jeder Stunde. Kinder und Jugendliche: 116 111. Wenn jemand dieses Gerät ansehen könnte, schließen Sie vielleicht diese Seite.`,
    ),
  ],
  'medical-emergency': [
    en(
      `What you write sounds like a medical emergency. Do not wait for an answer here: call the emergency number now, 112 in Europe, 999 in the United Kingdom, 911 in the United States and Canada. The AI persona stops here, and a person of our team has been called. This text was written by people and is sent automatically.`,
    ),
    de(
      `Was Sie schreiben, klingt nach einem medizinischen Notfall. Warten Sie hier nicht auf eine Antwort: Wählen Sie jetzt den Notruf 112. Die KI-Persona hört hier auf, und ein Mensch aus unserem Team ist gerufen. Diesen Text haben Menschen geschrieben; er wird automatisch gesendet.`,
    ),
  ],
  'person-called': [
    en(
      `The team has been told that you want a person. Nobody is writing here yet, and we cannot say how long it will take. ${numbers.en}`,
    ),
    de(
      `Das Team weiß, dass Sie mit einem Menschen sprechen möchten. Noch schreibt hier niemand, und wie lange es dauert, können wir nicht sagen. ${numbers.de}`,
    ),
  ],
  'person-here': [
    en('A person of the team is writing in this conversation and has been told that you want them.'),
    de('Ein Mensch aus dem Team schreibt in diesem Gespräch mit und weiß, dass Sie ihn brauchen.'),
  ],
  'person-coming': [
    en('A person of the team has seen that you need somebody, and takes care of it.'),
    de('Ein Mensch aus dem Team hat gesehen, dass Sie jemanden brauchen, und kümmert sich darum.'),
  ],
  disclosure: [
    en('The answers here are made by an AI, not by a human being. People of the team supervise it.'),
    de('Die Antworten hier macht eine KI, kein Mensch. Menschen aus dem Team beaufsichtigen sie.'),
  ],
  reminder: [
    en(
      'You have been here for a while. Think of taking a break. The answers here are made by an AI, not by a human being. People of the team supervise it.',
    ),
    de(
      'Sie sind schon eine Weile hier. Denken Sie an eine Pause. Die Antworten hier macht eine KI, kein Mensch. Menschen aus dem Team beaufsichtigen sie.',
    ),
  ],
};
