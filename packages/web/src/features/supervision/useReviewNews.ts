import type { RoomEvent } from '@rapport/protocol/events';
import { useQueryClient } from '@tanstack/react-query';
import { useCallback } from 'react';

/** Given each event of a room, has read anew what it changes of held replies. */
export function useReviewNews(): (event: RoomEvent) => void {
  const queries = useQueryClient();
  return useCallback(
    ({ type, data }) => {
      const { replyId } = data;
      if (/^(draft|review)\.|^reply\.(held|released|delayed)$/.test(type)) {
        void queries.invalidateQueries({ queryKey: ['review', replyId] });
      }
      if (/^(draft|review|reply|policy)\./.test(type)) void queries.invalidateQueries({ queryKey: ['reviews'] });
      if (type === 'policy.changed') void queries.invalidateQueries({ queryKey: ['session'] });
    },
    [queries],
  );
}
