import type { PdfFile } from './pdfFile.ts';

interface Shared {
  address: string;
  file: Promise<PdfFile>;
  sent: number;
  readers: Set<(fraction: number) => void>;
  end(): void;
}

/** Whoever looks at several passages of a document fetches it once. */
const keptMs = 60_000;
const open = new Map<string, Shared>();
let idle: { shared: Shared; timer: ReturnType<typeof setTimeout> } | null = null;

function begin(address: string): Shared {
  const stop = new AbortController();
  const readers: Shared['readers'] = new Set();
  const file = import('./pdfFile.ts').then(({ openPdf }) =>
    openPdf(
      address,
      (fraction) => {
        shared.sent = fraction;
        for (const reader of readers) reader(fraction);
      },
      stop.signal,
    ),
  );
  const end = () => {
    stop.abort();
    file.then(
      ({ close }) => close(),
      () => {},
    );
  };
  const shared: Shared = { address, file, sent: 0, readers, end };
  // One that could not be opened is tried anew the next time.
  file.catch(() => open.get(address) === shared && open.delete(address));
  open.set(address, shared);
  return shared;
}

function endIdle() {
  if (!idle) return;
  clearTimeout(idle.timer);
  if (open.get(idle.shared.address) === idle.shared) open.delete(idle.shared.address);
  idle.shared.end();
  idle = null;
}

/** A PDF by its address, shared with whoever else shows it, until `release`. `onSent` is told how much of it is there. */
export function borrowPdf(address: string, onSent: (fraction: number) => void) {
  if (idle?.shared.address === address) {
    clearTimeout(idle.timer);
    idle = null;
  } else endIdle();
  const shared = open.get(address) ?? begin(address);
  shared.readers.add(onSent);
  onSent(shared.sent);
  return {
    file: shared.file,
    release() {
      shared.readers.delete(onSent);
      if (shared.readers.size > 0) return;
      endIdle();
      idle = { shared, timer: setTimeout(endIdle, keptMs) };
    },
  };
}
