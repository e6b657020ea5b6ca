/**
 * A JSON number that a double cannot hold digit for digit, kept as the text it was written in
 * (RFC 8259 section 6 grammar). Every other number is a plain JavaScript number.
 */
export class LosslessNumber {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
  toString(): string {
    return this.text;
  }
}
