import type { Client } from '@rapport/protocol/clients';
import { useQuery } from '@tanstack/react-query';
import { useParams } from '@tanstack/react-router';
import type { ReactNode } from 'react';
import { api } from '../../lib/api.ts';
import { isId } from '../../lib/isId.ts';
import { NotFound, Page } from '../../lib/Page.tsx';
import { Failure, isMissing, Loading } from '../../lib/ui.tsx';

/** A page about the client of the address: what it shows once that client is read, or why it cannot. */
export function OfClient({ title, children }: { title: string; children: (client: Client) => ReactNode }) {
  const { id } = useParams({ strict: false }) as { id: string };
  const client = useQuery({
    queryKey: ['client', id],
    queryFn: () => api.get<Client>(`/clients/${id}`),
    enabled: isId(id),
  });
  if (!isId(id) || isMissing(client.error)) return <NotFound />;
  if (client.isPending) return <Loading />;
  if (client.error) {
    return (
      <Page title={title} narrow>
        <Failure error={client.error} />
      </Page>
    );
  }
  return children(client.data);
}
