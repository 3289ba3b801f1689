const KEY = 'equipoise-theme';
export type Theme = 'auto' | 'light' | 'dark';
const THEMES: readonly Theme[] = ['auto', 'light', 'dark'];

/** What the reader chose; `auto`: what the system prefers. */
export function readTheme(): Theme {
  const kept = localStorage.getItem(KEY) as Theme;
  return THEMES.includes(kept) ? kept : 'auto';
}

/** Charts draw on canvases and hear of it by the event `themechange`. */
export function applyTheme(theme: Theme): void {
  localStorage.setItem(KEY, theme);
  if (theme === 'auto') delete document.documentElement.dataset['theme'];
  else document.documentElement.dataset['theme'] = theme;
  dispatchEvent(new Event('themechange'));
}

export const nextTheme = (theme: Theme): Theme => THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]!;
