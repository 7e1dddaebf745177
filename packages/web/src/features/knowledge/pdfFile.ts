import { getDocument, PDFWorker, Util, version, type PDFPageProxy } from 'pdfjs-dist/legacy/build/pdf.mjs';
import workerAddress from 'pdfjs-dist/legacy/build/pdf.worker.min.mjs?url';
import { NotDrawn } from './notDrawn.ts';

/** A text that the page is set in, as parts of it lie on the page: fractions of its width and height, from the left and the top. */
export interface SetText {
  text: string;
  /** From one UTF-16 unit to another, as far as the width of the text tells. */
  box(from: number, to: number): Box;
}

export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface DrawnPage {
  /** Width by height. */
  ratio: number;
  texts: SetText[];
}

export type PdfFile = Awaited<ReturnType<typeof openPdf>>;

/** A larger one would take a phone's memory; it can still be downloaded. */
const mostBytes = 60_000_000;
/** Of a canvas: what the browsers of phones can do. */
const mostPixels = 8_000_000;
/** A picture within a page. */
const mostImagePixels = 40_000_000;
/** A file that keeps its reader busy for longer was made to. */
const patienceMs = 60_000;

async function download(address: string, onSent: (fraction: number) => void, signal: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(address, { signal });
  if (!response.ok || !response.body) throw new NotDrawn('unreachable');
  const length = Number(response.headers.get('content-length'));
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  const reader = response.body.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    pieces.push(next.value);
    bytes += next.value.length;
    if (Math.max(bytes, length) > mostBytes) {
      void reader.cancel().catch(() => {});
      throw new NotDrawn('large');
    }
    if (length > 0) onSent(bytes / length);
  }
  const whole = new Uint8Array(bytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

const reasonOf = (error: unknown): NotDrawn => {
  if (error instanceof NotDrawn) return error;
  return new NotDrawn(error instanceof Error && error.name === 'PasswordException' ? 'locked' : 'broken', error);
};

function inTime<T>(work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new NotDrawn('slow')), patienceMs);
    work.then(resolve, (error: unknown) => reject(reasonOf(error))).finally(() => clearTimeout(timer));
  });
}

/** Texts run in any direction; what is marked is the upright box around a stretch of one. */
async function textsOf(page: PDFPageProxy): Promise<SetText[]> {
  const { width, height, transform } = page.getViewport({ scale: 1 });
  const { items } = await page.getTextContent();
  return items.flatMap((item) => {
    if (!('str' in item)) return [];
    const [a, b, c, d, e, f] = Util.transform(transform, item.transform) as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const along = Math.hypot(a, b) || 1;
    const box = (from: number, to: number): Box => {
      const [start, end] = [from, to].map((unit) => (item.width * unit) / (item.str.length || 1) / along);
      const corners = [start ?? 0, end ?? 0].flatMap((u) =>
        [-0.25, 0.95].map((v) => [(e + a * u + c * v) / width, (f + b * u + d * v) / height] as const),
      );
      const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
      const [x, y] = [Math.min(...xs), Math.min(...ys)];
      return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
    };
    return [{ text: item.hasEOL ? `${item.str}\n` : item.str, box }];
  });
}

/**
 * A PDF of this server, read in a worker of its own, which ends with `close` whatever it is doing then. Throws NotDrawn,
 * and AbortError after `signal`.
 */
export async function openPdf(address: string, onSent: (fraction: number) => void, signal: AbortSignal) {
  // With the program there, what is left of the time below is the file's.
  const [data, program] = await Promise.all([
    download(address, onSent, signal),
    fetch(workerAddress, { signal }),
  ]).catch((error: unknown) => {
    throw error instanceof NotDrawn || signal.aborted ? error : new NotDrawn('unreachable', error);
  });
  // A server that was brought up to date has another program than the page that is still open.
  if (!program.ok) throw new NotDrawn('unreachable');
  const port = new Worker(workerAddress, { type: 'module' });
  const parts = `/assets/pdfjs-${version}/`;
  const task = getDocument({
    data,
    worker: PDFWorker.create({ port }),
    verbosity: 0,
    enableXfa: false,
    // Our pages run no WebAssembly: pictures are unpacked in plain script.
    useWasm: false,
    wasmUrl: `${parts}wasm/`,
    cMapUrl: `${parts}cmaps/`,
    iccUrl: `${parts}iccs/`,
    standardFontDataUrl: `${parts}standard_fonts/`,
    maxImageSize: mostImagePixels,
    canvasMaxAreaInBytes: 4 * mostImagePixels,
  });
  const close = () => {
    port.terminate();
    void task.destroy().catch(() => {});
  };
  const pdf = await inTime(task.promise).catch((error: unknown) => {
    close();
    throw error;
  });
  return {
    pages: pdf.numPages,
    close,

    /** Draws a page, so many points of the screen wide. Throws NotDrawn, and what `signal` was aborted with. */
    async draw(number: number, canvas: HTMLCanvasElement, points: number, stop: AbortSignal): Promise<DrawnPage> {
      const page = await inTime(pdf.getPage(number));
      stop.throwIfAborted();
      const { width, height } = page.getViewport({ scale: 1 });
      const scale = Math.min(points / width, Math.sqrt(mostPixels / (width * height)));
      const viewport = page.getViewport({ scale });
      canvas.width = Math.max(1, Math.floor(viewport.width));
      canvas.height = Math.max(1, Math.floor(viewport.height));
      const drawing = page.render({ canvas, viewport });
      const cancel = () => drawing.cancel();
      stop.addEventListener('abort', cancel, { once: true });
      try {
        await inTime(drawing.promise);
        return { ratio: width / height, texts: await inTime(textsOf(page)) };
      } finally {
        drawing.cancel();
        stop.removeEventListener('abort', cancel);
      }
    },
  };
}
