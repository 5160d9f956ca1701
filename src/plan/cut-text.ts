const SHOWN_CHARACTERS = 200;

/** A text of a file as a message shows it: the start of a long one. */
export function cutText(text: string): string {
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}
