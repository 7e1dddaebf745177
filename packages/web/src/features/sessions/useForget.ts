import { useEffect, useRef } from 'react';

/** Takes back what a refused act had said once `moment` has changed: its cause may be gone. */
export function useForget(moment: string, ...acts: { isError: boolean; reset(): void }[]): void {
  const current = useRef(acts);
  current.current = acts;
  useEffect(() => {
    for (const act of current.current) if (act.isError) act.reset();
  }, [moment]);
}
