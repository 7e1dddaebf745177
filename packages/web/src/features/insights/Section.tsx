import type { ReactNode } from 'react';

/** One thing that the log tells, under its heading. */
export function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <section className="stack">
      <h2>{title}</h2>
      {hint && <p className="soft small">{hint}</p>}
      {children}
    </section>
  );
}
