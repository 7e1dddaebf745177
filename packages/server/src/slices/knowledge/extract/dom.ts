/** The little of the DOM that is used here; the server's own types know no browser. */
export interface HtmlNode {
  nodeName: string;
  parentNode: HtmlNode | null;
  getAttribute(name: string): string | null;
  querySelector(selector: string): HtmlNode | null;
  /** Set by turndown. */
  isBlock?: boolean;
}

export interface HtmlDocument {
  body: HtmlNode;
}
