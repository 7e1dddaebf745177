import ipaddr from 'ipaddr.js';

type Address = ipaddr.IPv4 | ipaddr.IPv6;

/** An address behind a name is compared as what it leads to: `::ffff:10.0.0.1` is 10.0.0.1. */
function parse(text: string): Address | null {
  if (!ipaddr.isValid(text)) return null;
  return ipaddr.process(text);
}

const range = (text: string): [Address, number] => ipaddr.parseCIDR(text);

/** Where clouds answer who asks for the machine's own credentials. Some lie in public ranges. */
const metadata = ['169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32', 'fd00:ec2::/32'].map(
  range,
);
const globalUnicast = range('2000::/3');

const within = (address: Address, [start, bits]: [Address, number]): boolean =>
  address.kind() === start.kind() && address.match(start, bits);

export type Reach = 'public' | 'loopback' | 'private' | 'metadata';

/** What kind of place an address leads to. Whatever is not plainly public counts as private. */
export function reachOf(text: string): Reach {
  const address = parse(text);
  if (!address) return 'private';
  if (metadata.some((one) => within(address, one))) return 'metadata';
  const name = address.range();
  if (name === 'loopback') return 'loopback';
  if (name !== 'unicast') return 'private';
  return address.kind() === 'ipv4' || within(address, globalUnicast) ? 'public' : 'private';
}

export interface Exception {
  /** A name in lower case, or null where it is a range. */
  name: string | null;
  range: [Address, number] | null;
  port: number | null;
}

/**
 * `name`, `address` or `address/bits`, each with `:port` where only that port is meant; an IPv6 address with a port stands
 * in brackets. null: none of these.
 */
export function parseException(text: string): Exception | null {
  const [, bracketed, plain = '', digits] =
    /^(?:\[([^\]]+)\]|([^:]+|[0-9a-f:]*:[0-9a-f:.]*(?:\/\d+)?))(?::(\d{1,5}))?$/i.exec(text.trim()) ?? [];
  const host = (bracketed ?? plain).toLowerCase();
  const port = digits === undefined ? null : Number(digits);
  if (host === '' || (port !== null && (port === 0 || port > 65_535))) return null;
  if (ipaddr.isValidCIDR(host)) return { name: null, range: range(host), port };
  const address = ipaddr.IPv4.isValidFourPartDecimal(host) || host.includes(':') ? parse(host) : null;
  if (address) return { name: null, range: [address, address.kind() === 'ipv4' ? 32 : 128], port };
  return /^[a-z0-9]([\w.-]*[a-z0-9])?$/.test(host) && !host.includes(':') ? { name: host, range: null, port } : null;
}

export function isExcepted(exceptions: readonly Exception[], host: string, port: number, address: string): boolean {
  const parsed = parse(address);
  return exceptions.some(
    (one) =>
      (one.port === null || one.port === port) &&
      (one.range ? parsed !== null && within(parsed, one.range) : one.name === host.toLowerCase()),
  );
}

/** Whom a request is counted for: providers give a customer a whole /64 of IPv6. */
export function networkOf(text: string): string {
  const address = parse(text);
  if (!address) return text;
  if (address.kind() === 'ipv4') return address.toString();
  return `${(address as ipaddr.IPv6).parts.slice(0, 4).join(':')}/64`;
}
