import { questionnaireTexts } from './en.questionnaire.ts';
import { i18next } from './index.ts';

i18next.addResourceBundle('en', 'translation', questionnaireTexts, true);
