// @ts-check
/** @file The one error type of transfers: what the `transfer_failed` event carries. */

/** A transfer that failed, with the code and the two numbers of the `transfer_failed` event. */
export class Failure extends Error {
  /** @param {number} code FAIL_* of gen/layouts.js @param {string} message one sentence with value and limit
   * @param {number} [a] @param {number} [b] */
  constructor(code, message, a = 0, b = 0) {
    super(message);
    this.name = 'Failure';
    this.code = code;
    this.a = a;
    this.b = b;
  }
}
