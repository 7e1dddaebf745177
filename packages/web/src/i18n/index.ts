import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { clientTexts } from './en.client.ts';

await i18next.use(initReactI18next).init({
  lng: 'en',
  fallbackLng: 'en',
  resources: { en: { translation: clientTexts } },
  interpolation: { escapeValue: false },
  keySeparator: '.',
});

export { i18next };
