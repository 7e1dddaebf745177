export interface Letter {
  to: string;
  subject: string;
  /** Plain text: nothing in it is loaded from anywhere, and nothing of it hides where a link leads. */
  text: string;
  /** After that it is of no use and is not sent any more. Default a day. */
  goodForMinutes?: number;
}
