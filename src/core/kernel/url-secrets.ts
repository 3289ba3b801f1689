/** Stands for a secret wherever something is shown to people. */
export const HIDDEN = '***';

const URL_START = /^\s*[a-z][a-z0-9+.-]*:\/\//i;
/**
 * In quotes up to the closing one, since a mistyped URL may have spaces; else up to the next space. Of a longer scheme the end
 * is found: without a limit each letter of a long word would be the start of a search to its end.
 */
const URLS = /(?<=")[a-z][a-z0-9+.-]{0,30}:\/\/[^"]*|[a-z][a-z0-9+.-]{0,30}:\/\/[^\s"'`<>]*/gi;
/** Up to the last @ of the authority (RFC 3986 §3.2.1). */
const USER_INFO = /^[^/?#\\]*@/;
/** With a port where one is said. */
const HOST = /^(?:\[[^\]]*\]|[^\s/?#\\@:]+)(?::\d*)?(?=[/?#\\]|$)/;

/**
 * A URL without what may be secret in it: user and password, every value in its query, and its fragment become `***`, as does a
 * parameter without a value. Which names stand for secrets nobody knows: each service has its own. Another text is given back as
 * it is.
 */
export function hideUrlSecrets(url: string): string {
  const start = URL_START.exec(url)?.[0];
  if (start === undefined) return url;
  return start + hideQuerySecrets(hideUserInfo(url.slice(start.length)));
}

function hideUserInfo(rest: string): string {
  const behind = rest.replace(USER_INFO, '');
  if (HOST.test(behind)) return behind === rest ? rest : `${HIDDEN}@${behind}`;
  // A password that should have been encoded breaks its URL, and is one all the same.
  const at = rest.lastIndexOf('@');
  return at < 0 ? rest : `${HIDDEN}@${rest.slice(at + 1)}`;
}

/** The same of a path with its query, or of what follows a URL's scheme. */
export function hideQuerySecrets(target: string): string {
  const [beforeFragment = '', ...fragment] = target.split('#');
  const at = beforeFragment.indexOf('?');
  const path = at < 0 ? beforeFragment : beforeFragment.slice(0, at);
  const query =
    at < 0
      ? ''
      : `?${beforeFragment
          .slice(at + 1)
          .split('&')
          .map(hideValue)
          .join('&')}`;
  return `${path}${query}${fragment.length > 0 && fragment.join('#') !== '' ? `#${HIDDEN}` : ''}`;
}

/** Every URL in a text for people, as `hideUrlSecrets` has it. */
export const hideSecretsIn = (text: string): string => text.replace(URLS, hideUrlSecrets);

function hideValue(pair: string): string {
  const equals = pair.indexOf('=');
  if (equals >= 0) return `${pair.slice(0, equals)}=${HIDDEN}`;
  return pair === '' ? '' : HIDDEN;
}
