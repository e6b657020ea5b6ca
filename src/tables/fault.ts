/** Why a value was refused: the rule in snake_case, and a sentence's end that a publisher can act on ("must be …"). */
export class Fault {
  readonly rule: string;
  readonly message: string;
  constructor(rule: string, message: string) {
    this.rule = rule;
    this.message = message;
  }
}
