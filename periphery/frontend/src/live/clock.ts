/** The server's clock, as far as this page can tell: events' times are of it, and the browser's may be off.
 *
 * An answer that says the server's time was made between its request and its arrival. If the two clocks can have been
 * the same then, they are taken to be; else the middle is taken, of the quickest answer lately.
 */
const KEPT_MS = 60_000;

class ServerClock {
  private aheadMs = 0;
  private roundMs = Infinity;
  private toldMs = -Infinity;

  /** The server said its time (ns since 1970) to what was asked at askedMs of performance.now(), and has just come. */
  told(timeNs: number, askedMs: number): void {
    const at = performance.now();
    const roundMs = at - askedMs;
    if (roundMs > this.roundMs && at - this.toldMs < KEPT_MS) return;
    const aheadMs = timeNs / 1e6 - (Date.now() - roundMs / 2);
    this.aheadMs = Math.abs(aheadMs) <= roundMs / 2 + 1 ? 0 : aheadMs; // Date.now() is in whole ms
    this.roundMs = roundMs;
    this.toldMs = at;
  }

  /** Ms since 1970. */
  nowMs(): number {
    return Date.now() + this.aheadMs;
  }

  /** How long ago it was, in ms; never less than 0. timeNs: of an event, since 1970. */
  ageMs(timeNs: number | string | bigint): number {
    return Math.max(0, this.nowMs() - Number(BigInt(timeNs) / 1000n) / 1000);
  }
}

export const serverClock = new ServerClock();
