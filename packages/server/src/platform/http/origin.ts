import type { IncomingMessage } from 'node:http';

const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

const hostOf = (value: string): URL | null => (URL.canParse(`http://${value}`) ? new URL(`http://${value}`) : null);

/**
 * In local mode whoever reaches the port is the owner, so a web page elsewhere must not: the Host must be a loopback
 * name (DNS rebinding), and an Origin, where the browser sends one, must be this server's own. In server mode the Origin
 * must match the Host.
 */
export function createOriginCheck(options: { localMode: boolean; publicUrl: string | null }) {
  const publicHost = options.publicUrl ? new URL(options.publicUrl).host : null;
  return (request: IncomingMessage, unsafe: boolean): boolean => {
    const host = hostOf(request.headers.host ?? '');
    if (!host) return false;
    if (options.localMode && !loopbackNames.has(host.hostname) && host.host !== publicHost) return false;
    const origin = request.headers.origin;
    if (origin !== undefined) {
      if (!URL.canParse(origin)) return false;
      const from = new URL(origin).host;
      return from === host.host || from === publicHost;
    }
    const site = request.headers['sec-fetch-site'];
    if (site === 'cross-site' || site === 'same-site') {
      // A plain link from another page may open a page of ours, but never fetch or change anything.
      return !unsafe && request.headers['sec-fetch-mode'] === 'navigate';
    }
    return true;
  };
}

/**
 * The origin under which the person sees this server: the published one behind a proxy that ends TLS, else that of the
 * request, whose Host has been checked before.
 */
export function createOriginOf(options: { publicUrl: string | null }) {
  const published = options.publicUrl ? new URL(options.publicUrl) : null;
  return (request: { protocol: string; headers: IncomingMessage['headers'] }): string => {
    const host = hostOf(request.headers.host ?? '')?.host ?? 'localhost';
    return published && (host === published.host || hostOf(host)?.hostname === published.hostname)
      ? published.origin
      : `${request.protocol}://${host}`;
  };
}
