import { useCallback, useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent, type WheelEvent } from 'react';

/** How long after a person's own movement a box may still be scrolling because of it. Milliseconds. */
const momentum = 1000;
const atEnd = 24;
const upwards = new Set(['ArrowUp', 'PageUp', 'Home']);

const below = (box: HTMLElement): number => box.scrollHeight - box.scrollTop - box.clientHeight;

/**
 * Stays at the end of the conversation whatever grows there and whenever: only a person who scrolls up ends it, and only
 * reaching the end, `toEnd` or a message of one's own begins it again. `first` and `mine` are the keys of the first entry
 * and of the newest message written here.
 */
export function useFollow(first: unknown, mine: unknown) {
  const box = useRef<HTMLDivElement>(null);
  const flow = useRef<HTMLDivElement>(null);
  const following = useRef(true);
  const seen = useRef({ top: 0, height: 0, movedAt: -momentum });
  const fromEnd = useRef<number | null>(null);
  const known = useRef(new Set<unknown>());
  const [away, setAway] = useState(false);

  const follow = useCallback((on: boolean) => {
    following.current = on;
    setAway(!on);
  }, []);
  const look = useCallback(() => {
    const { current: el } = box;
    if (!el) return;
    if (following.current) el.scrollTop = el.scrollHeight;
    seen.current = { ...seen.current, top: el.scrollTop, height: el.scrollHeight };
  }, []);

  // What is read stays where it is while older messages are put above it.
  useLayoutEffect(() => {
    const { current: el } = box;
    if (el && fromEnd.current !== null) el.scrollTop = el.scrollHeight - fromEnd.current;
    fromEnd.current = null;
    look();
  }, [first, look]);
  useLayoutEffect(() => {
    if (mine === undefined || known.current.has(mine)) return;
    known.current.add(mine);
    follow(true);
    look();
  }, [mine, follow, look]);
  // Before the next picture: words, a renderer that arrives late, a smaller window.
  useEffect(() => {
    const sizes = new ResizeObserver(look);
    if (box.current) sizes.observe(box.current);
    if (flow.current) sizes.observe(flow.current);
    return () => sizes.disconnect();
  }, [look]);

  const moved = () => {
    seen.current.movedAt = performance.now();
  };
  const onScroll = () => {
    const { current: el } = box;
    if (!el) return;
    const { top, height, movedAt } = seen.current;
    seen.current = { ...seen.current, top: el.scrollTop, height: el.scrollHeight };
    // A box whose text has just become shorter scrolls up by itself.
    const byPerson = el.scrollHeight === height || performance.now() - movedAt < momentum;
    if (el.scrollTop < top - 1 && byPerson && below(el) > 1) follow(false);
    else if (!following.current && el.scrollTop > top && below(el) < atEnd) follow(true);
  };
  const listeners = {
    onScroll,
    onWheel: (event: WheelEvent) => event.deltaY < 0 && moved(),
    onTouchMove: moved,
    onTouchEnd: moved,
    // The scrollbar is the box's own.
    onPointerDown: moved,
    onKeyDown: (event: KeyboardEvent) => (upwards.has(event.key) || (event.key === ' ' && event.shiftKey)) && moved(),
  };
  return {
    box,
    flow,
    listeners,
    away,
    /** Older messages have been asked for. */
    hold() {
      const { current: el } = box;
      follow(false);
      fromEnd.current = el ? el.scrollHeight - el.scrollTop : null;
    },
    toEnd() {
      follow(true);
      look();
      // The button that was pressed goes.
      box.current?.focus({ preventScroll: true });
    },
  };
}
