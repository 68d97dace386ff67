import i18next from 'i18next';
import { initReactI18next } from 'react-i18next';
import { readPreference, writePreference } from '../lib/preferences';
import { en, type Messages } from './en';
import { zh } from './zh';

export type Language = 'en' | 'zh-CN';

/** A language is always named in itself, so that whoever needs it finds it. */
export const LANGUAGES: Record<Language, string> = { en: 'English', 'zh-CN': '中文' };

export const CATALOGUES: Record<Language, Messages> = { en, 'zh-CN': zh };

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation';
    resources: { translation: typeof en };
  }
}

const initialLanguage = (): Language =>
  (readPreference('language') ?? navigator.language).startsWith('zh') ? 'zh-CN' : 'en';

/** Starts the one i18next instance. Both catalogues are part of the bundle, so this completes at once. */
export function startI18n(language: Language = initialLanguage()): void {
  void i18next.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { en: { translation: en }, 'zh-CN': { translation: zh } },
    interpolation: { escapeValue: false }, // React escapes
    returnNull: false,
  });
  document.documentElement.lang = language;
}

export function setLanguage(language: Language): void {
  writePreference('language', language);
  document.documentElement.lang = language;
  void i18next.changeLanguage(language);
}
