import type { DeidCategory } from './spans.ts';
import { sparseZip3 } from './words.ts';

/** From this year back, the year itself tells that somebody is over 89. */
const tooLongAgo = (year: number, today: Date): boolean => year <= today.getUTCFullYear() - 90;

/** 45 CFR 164.514(b)(2): the year of a date, ages over 89 as one, three digits of a ZIP code. null: nothing of it may stay. */
export function generalise(category: DeidCategory, found: string, today: Date): string | null {
  switch (category) {
    case 'date': {
      const year = /(?<!\d)(?:1[89]|20)\d\d(?!\d)/.exec(found)?.[0];
      if (year === undefined) return null;
      return tooLongAgo(Number(year), today) ? `${today.getUTCFullYear() - 90} or earlier` : year;
    }
    case 'age':
      return '90 or older';
    case 'zip': {
      const five = /^(\d{3})\d{2}(?:-\d{4})?$/.exec(found)?.[1];
      if (five === undefined) return null;
      return sparseZip3.has(five) ? '000**' : `${five}**`;
    }
    default:
      return null;
  }
}
