import { AppError } from '../../platform/errors.ts';

const shortest = 12;
const longest = 200;

/**
 * The long ones among the passwords that leak most often, and the patterns the others follow. Shorter ones need no list:
 * the length refuses them.
 */
const known = new Set(
  `123456789012 1234567890123 12345678901234 123456789123 123123123123 111111111111 000000000000 1q2w3e4r5t6y 1q2w3e4r5t6y7u8i
qwertyuiop123 qwertyuiopasdf qwertyuiop12 qwerty123456 qwerty1234567 qwerty12345678 qwertyqwerty qwertyqwerty123 1qaz2wsx3edc
1qaz2wsx3edc4rfv zaq12wsxcde3 zaq1xsw2cde3 qazwsxedcrfv qazwsxedcrfvtgb asdfghjkl123 asdfghjklqwerty password1234 password12345
password123456 password1234567 passwordpassword password123password passw0rd1234 p@ssw0rd1234 p@ssword1234 password!123
password2024 password2025 password2026 mypassword123 mypassword1234 changeme1234 changemenow1 changeme12345 administrator
administrator1 administrator123 adminadmin123 admin1234567 admin12345678 adminpassword letmein12345 letmein123456 letmeinletmein
welcome12345 welcome123456 welcome1234567 welcomewelcome iloveyou1234 iloveyou12345 iloveyouforever iloveyousomuch
iloveyou123456 monkey123456 dragon123456 football1234 baseball1234 princess1234 sunshine1234 superman1234 trustno1trustno1
whatever1234 computer1234 internet1234 liverpool123 manchester123 manchesterunited barcelona123 realmadrid123 chocolate123
michaeljackson abcdefghijkl abcdefghijklm abcdef123456 abc123abc123 abcd1234abcd a1b2c3d4e5f6 aaaaaaaaaaaa 1234qwerasdf
1234567890qw 123456789qwerty 123456qwerty 123qweasdzxc qweasdzxc123 1qaz1qaz1qaz zxcvbnmasdfgh zxcvbnm12345 zxcvbnm123456
q1w2e3r4t5y6 987654321000 098765432100 9876543210987 112233445566 11223344556677 121212121212 123321123321 147258369000
159753159753 qwe123qwe123 test12345678 testtesttest testing12345 secret123456 secretsecret correcthorsebatterystaple
hellohello123 helloworld123 google123456 facebook1234 facebook12345 linkedin1234 pokemon12345 startrek1234 starwars1234
starwars12345 qwertzuiopasd qwertz123456 passwort1234 passwort12345 hallohallo123 willkommen123 azertyuiop123 motdepasse123
contrasena123 rapportrapport rapport12345 rapport123456`.split(/\s+/),
);

const plain = (text: string): string => text.normalize('NFKC').toLowerCase();

const refuse = (message: string) =>
  new AppError('invalid-body', { detail: message, errors: [{ pointer: '/password', message }] });

/** Throws `invalid-body` for a password that is among the first an attacker tries; `about`: what is known of the person. */
export function requireGoodPassword(password: string, about: readonly string[] = []): void {
  const text = plain(password);
  if (password.length < shortest) throw refuse(`At least ${shortest} characters.`);
  if (password.length > longest) throw refuse(`At most ${longest} characters.`);
  if (known.has(text) || known.has(text.replace(/[^a-z0-9]+$/, ''))) {
    throw refuse('This is among the passwords that are tried first. Choose another.');
  }
  if (new Set(text).size < 5 || isRow(text)) throw refuse('This repeats a pattern. Choose something less regular.');
  const told = about.map(plain).filter((each) => each.length >= 4 && text.includes(each));
  if (told.some((each) => text.length - each.length < 8)) {
    throw refuse('This is mostly your name or address. Choose another.');
  }
}

/** One part again and again, or characters in their own order. */
function isRow(text: string): boolean {
  if (/^(.{1,6})\1+$/.test(text)) return true;
  const codes = [...text].map((each) => each.codePointAt(0) ?? 0);
  const steps = codes.slice(1).map((code, at) => code - (codes[at] ?? 0));
  return steps.every((step) => step === 1) || steps.every((step) => step === -1);
}
