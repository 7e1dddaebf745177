import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';

/** How much of the planned time is left, in minutes. */
export function TimeLeft({ endsAt }: { endsAt: string }) {
  const { t } = useTranslation();
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 5000);
    return () => clearInterval(timer);
  }, []);
  const count = Math.max(0, Math.ceil((Date.parse(endsAt) - now) / 60_000));
  return <span className="soft small">{t('room.left', { count })}</span>;
}
