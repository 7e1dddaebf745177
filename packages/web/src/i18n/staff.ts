import { staffTexts } from './en.staff.ts';
import { i18next } from './index.ts';

// Deep: both have texts for the room.
i18next.addResourceBundle('en', 'translation', staffTexts, true);
