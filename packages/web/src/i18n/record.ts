import { recordTexts } from './en.record.ts';
import { i18next } from './index.ts';

i18next.addResourceBundle('en', 'translation', recordTexts, true);
