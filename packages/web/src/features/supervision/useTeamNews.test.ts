import { expect, test } from 'vitest';
import { lists } from './useTeamNews.ts';

test('a guess on an open page is read anew where the rules change, and not with every message', () => {
  for (const key of ['insight', 'report']) {
    expect(lists.rules).toContainEqual([key]);
    expect(lists.sessions).not.toContainEqual([key]);
  }
});
