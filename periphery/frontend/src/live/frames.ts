/** Work of one animation frame, and what the page measures of itself: slow frames, and how old updates are when shown.
 *
 * A hidden tab has no frames; then a timer does the work, so that what it knows goes on.
 */
import { serverClock } from "./clock";

const SLOW_MS = 50;
const HIDDEN_MS = 250;
const LONGEST_MS = 10_000;
const LATELY_MS = 30_000;

class Frames {
  /** Of frames: how many, how many took longer than 50 ms, the longest. */
  readonly counts = { frames: 0, slow: 0, longestMs: 0 };
  /** How many updates were shown so many whole ms after the core's time of their event; the last is more. */
  readonly staleness = new Uint32Array(LONGEST_MS + 1);
  /** The same of this half minute, and of the one before. */
  private lately = new Uint32Array(LONGEST_MS + 1);
  private before = new Uint32Array(LONGEST_MS + 1);
  private readonly work: (() => void)[] = [];
  private waiting: number[] = [];
  private asked = false;
  private last = 0;

  constructor() {
    const frame = (now: number) => {
      if (this.last && document.visibilityState === "visible") this.count(now - this.last);
      this.last = now;
      requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);
    setInterval(() => [this.before, this.lately] = [this.lately, this.before.fill(0)], LATELY_MS);
    document.addEventListener("visibilitychange", () => (this.last = 0));
  }

  /** In the next frame. */
  next(work: () => void): void {
    this.work.push(work);
    if (this.asked) return;
    this.asked = true;
    if (document.visibilityState === "visible") requestAnimationFrame(() => this.run());
    else setTimeout(() => this.run(), HIDDEN_MS);
  }

  /** An update that is shown by the next frame. timeMs: of the core's event, by the server's clock. */
  waits(timeMs: number): void {
    this.waiting.push(timeMs);
  }

  /** A quantile of the staleness, in ms; null: nothing was shown yet. */
  stalenessMs(quantile: number): number | null {
    return quantileOf((ms) => this.staleness[ms]!, quantile);
  }

  /** The same, of the last half minute to minute. */
  latelyMs(quantile: number): number | null {
    return quantileOf((ms) => this.lately[ms]! + this.before[ms]!, quantile);
  }

  forget(): void {
    Object.assign(this.counts, { frames: 0, slow: 0, longestMs: 0 });
    this.staleness.fill(0);
  }

  private run(): void {
    this.asked = false;
    for (const each of this.work.splice(0)) each();
    const nowMs = serverClock.nowMs();
    for (const timeMs of this.waiting) {
      const ms = Math.min(Math.max(Math.round(nowMs - timeMs), 0), LONGEST_MS);
      this.staleness[ms] = this.staleness[ms]! + 1;
      this.lately[ms] = this.lately[ms]! + 1;
    }
    this.waiting = [];
  }

  private count(ms: number): void {
    this.counts.frames += 1;
    if (ms > SLOW_MS) this.counts.slow += 1;
    if (ms > this.counts.longestMs) this.counts.longestMs = ms;
  }
}

function quantileOf(count: (ms: number) => number, quantile: number): number | null {
  let total = 0;
  for (let ms = 0; ms <= LONGEST_MS; ms += 1) total += count(ms);
  if (!total) return null;
  let seen = 0;
  for (let ms = 0; ms <= LONGEST_MS; ms += 1) {
    seen += count(ms);
    if (seen >= total * quantile) return ms;
  }
  return LONGEST_MS;
}

export const frames = new Frames();
