import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  Agent,
  buildConnector,
  Dispatcher,
  fetch,
  getGlobalDispatcher,
  setGlobalDispatcher,
  type RequestInit,
  type Response,
} from 'undici';
import { isExcepted, parseException, reachOf, type Exception } from './addresses.ts';

const connectMs = 10_000;
const answerMs = 30_000;

const reasons = {
  metadata: (host: string) =>
    `${host} leads to an address that gives out this machine’s own credentials. It is never called.`,
  private: (host: string) =>
    `${host} leads into a private network. If that is meant, start Rapport with RAPPORT_ALLOW_PRIVATE=${host}.`,
  'not-listed': (host: string) =>
    `${host} is not among the places this server may call. If that is meant, add it to RAPPORT_OUTGOING_ONLY.`,
};

/** Tells an operator what to do. It names no address that the asker did not name: where a name leads is not theirs to learn. */
export class OutgoingRefused extends Error {
  readonly host: string;
  constructor(host: string, why: 'metadata' | 'private' | 'not-listed') {
    super(reasons[why](host));
    this.name = 'OutgoingRefused';
    this.host = host;
  }
}

export interface OutgoingOptions {
  /** Addresses of this machine itself may be called: where the one who asks sits at it. */
  loopback: boolean;
  /** What the operator excepts, as RAPPORT_ALLOW_PRIVATE has it. */
  exceptions: readonly string[];
  /** The only places that may be called beside the exceptions, as RAPPORT_OUTGOING_ONLY has it; none: all public ones. */
  only?: readonly string[];
  /** How names are resolved. */
  lookup?: typeof systemLookup;
}

export type Outgoing = ReturnType<typeof createOutgoing>;

const ofWork = new AsyncLocalStorage<Dispatcher>();

/** Sends a request the way of the work it is made for; what belongs to none, as before. */
class ByWork extends Dispatcher {
  readonly #other: Dispatcher;
  constructor(other: Dispatcher) {
    super();
    this.#other = other;
  }
  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return (ofWork.getStore() ?? this.#other).dispatch(options, handler);
  }
}

function createGuard({ loopback, exceptions, only = [] }: OutgoingOptions) {
  const parsed = (texts: readonly string[]): Exception[] =>
    texts.map((text) => {
      const one = parseException(text);
      if (!one) throw new Error(`not a host, address or range: ${text}`);
      return one;
    });
  const excepted = parsed(exceptions);
  const listed = only.length > 0 ? [...parsed(only), ...excepted] : null;
  /** Throws OutgoingRefused. */
  return (host: string, port: number, address: string): void => {
    if (listed && !isExcepted(listed, host, port, address)) throw new OutgoingRefused(host, 'not-listed');
    const reach = reachOf(address);
    if (reach === 'public' || (reach === 'loopback' && loopback)) return;
    if (reach === 'metadata' || !isExcepted(excepted, host, port, address))
      throw new OutgoingRefused(host, reach === 'metadata' ? 'metadata' : 'private');
  };
}

/**
 * Every request that this server makes of its own goes through here, and to no address in a private network unless the
 * operator excepts it. The name is resolved once, what it resolved to is checked, and exactly that is connected to: a name
 * that answers differently the next time (DNS rebinding) gains nothing. One forbidden address among several refuses them
 * all. Redirects are errors; where a caller follows them, each new connection is checked like the first.
 */
export function createOutgoing(options: OutgoingOptions) {
  const guard = createGuard(options);
  const resolve = options.lookup ?? systemLookup;
  const connectors = new Map<number, ReturnType<typeof buildConnector>>();

  const lookupFor =
    (port: number): LookupFunction =>
    (host, asked, done) => {
      resolve(host, { ...asked, all: true }, (error, found: LookupAddress[]) => {
        if (error) return done(error, '', 0);
        try {
          for (const { address } of found) guard(host, port, address);
        } catch (refusal) {
          return done(refusal as Error, '', 0);
        }
        if (asked.all) return done(null, found);
        return done(null, found[0]?.address ?? '', found[0]?.family);
      });
    };

  const connectorFor = (port: number) => {
    let connector = connectors.get(port);
    if (!connector) {
      connector = buildConnector({ timeout: connectMs, lookup: lookupFor(port) });
      connectors.set(port, connector);
    }
    return connector;
  };

  const connect: buildConnector.connector = (target, done) => {
    const host = target.hostname.replace(/^\[|\]$/g, '');
    const port = Number(target.port || (target.protocol === 'https:' ? 443 : 80));
    try {
      // An address written out is never looked up.
      if (isIP(host)) guard(host, port, host);
    } catch (refusal) {
      return done(refusal as Error, null);
    }
    connectorFor(port)(target, (...[error, socket]: Parameters<buildConnector.Callback>) => {
      if (error) return done(error, null);
      try {
        guard(host, port, socket.remoteAddress ?? '');
        return done(null, socket);
      } catch (refusal) {
        socket.destroy();
        return done(refusal as Error, null);
      }
    });
  };

  // A connection per running reply; undici's own timeouts are off because the engines' watchdogs say what happened.
  const agent = new Agent({ connect, connections: 1024, pipelining: 1, headersTimeout: 0, bodyTimeout: 0 });

  return {
    /** For streams: the caller watches over their time. */
    dispatch: agent.dispatch.bind(agent),

    /** Like the global one, with 30 seconds unless `signal` says otherwise. Its errors have OutgoingRefused as `cause`. */
    fetch: (url: string, init: RequestInit = {}): Promise<Response> =>
      fetch(url, { redirect: 'error', signal: AbortSignal.timeout(answerMs), ...init, dispatcher: agent }),

    /** Calls of the global fetch in `work` go through here: for libraries that take no fetch of ours. */
    within<T>(work: () => Promise<T>): Promise<T> {
      if (!(getGlobalDispatcher() instanceof ByWork)) setGlobalDispatcher(new ByWork(getGlobalDispatcher()));
      return ofWork.run(agent, work);
    },

    /** Binds the global fetch of this process, too: libraries use it. */
    bindProcess: () => setGlobalDispatcher(agent),

    /** Ends the kept connections, so that a process can end. */
    close: () => agent.destroy(),
  };
}

/** The refusal behind an error of `fetch` or `dispatch`, if that is why. */
export function refusalOf(error: unknown): OutgoingRefused | null {
  for (let cause = error, depth = 0; cause instanceof Error && depth < 5; cause = cause.cause, depth += 1) {
    if (cause instanceof OutgoingRefused) return cause;
    if (cause instanceof AggregateError) {
      const inner = cause.errors.find((one) => one instanceof OutgoingRefused);
      if (inner) return inner as OutgoingRefused;
    }
  }
  return null;
}
