/** The header fields that a browser sends for a page's sub-request: nine, about 600 bytes with the request line. */
export const browserHeaders: readonly (readonly [name: string, value: string])[] = [
  ['Host', 'www.example.com'],
  ['Connection', 'keep-alive'],
  [
    'User-Agent',
    'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36',
  ],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8'],
  ['Sec-Fetch-Mode', 'cors'],
  ['Referer', 'https://www.example.com/shop/category/outdoor?page=3&sort=price'],
  ['Accept-Encoding', 'gzip, deflate, br, zstd'],
  ['Accept-Language', 'en-GB,en;q=0.9,de;q=0.8'],
  ['Cookie', 'session=9f86d081884c7d659a2feaa0c55ad015; theme=dark; consent=analytics%3D0; csrf=b14a7b8059d9c055'],
];

/** The bytes of a GET with the browser's fields. */
export function browserRequest(path: string): Buffer {
  const fields = browserHeaders.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${fields}\r\n`, 'latin1');
}
