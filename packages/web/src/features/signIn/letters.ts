import type { Letters, SignInOptions } from '@rapport/protocol/signIn';
import { useQuery } from '@tanstack/react-query';
import { api } from '../../lib/api.ts';

export const useSignInOptions = () =>
  useQuery({ queryKey: ['sign-in'], queryFn: () => api.get<SignInOptions>('/sign-in'), staleTime: 60_000 });

/** What becomes of letters here, once it is known. */
export const useLetters = (): Letters | undefined => useSignInOptions().data?.letters;

/** A letter comes to where somebody can open it. */
export const arrives = (letters: Letters): boolean => letters === 'sent' || letters === 'kept';
