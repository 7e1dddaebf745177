import { joinTexts } from './en.join.ts';
import { i18next } from './index.ts';

i18next.addResourceBundle('en', 'translation', joinTexts, true);
