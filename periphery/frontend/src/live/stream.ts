/** The websocket engine's protocol (docs/websocket.md): subscribe, snapshots, numbered changes, resume.
 *
 * It counts what each topic's numbers promise against what has come, so that a lost change is seen, and connects
 * again by itself; topics go on after the last change that is here.
 */
import { Signal } from "./signal";
import type { Row, Values } from "./table";

export interface Change {
  n: number;
  key: string;
  seq: number;
  time_ns: string;
  values: Values;
  gone?: boolean;
}

/** A row of a snapshot. */
interface Told {
  key: string;
  values: Values;
  seq?: number;
  time_ns?: string;
}

interface Part {
  topic: string;
  n: number;
  conflated: number;
  changes: Change[];
}

export interface Taker {
  snapshot(topic: string, rows: Row[]): void;
  change(topic: string, row: Row, gone: boolean): void;
  /** Changes were missed that a snapshot doesn't bring back: of news, which has only its last rows. */
  missed(topic: string, afterSeq: number): void;
  /** It is another core's journal: nothing of what was told holds. */
  anew(): void;
}

export type Phase = "off" | "connecting" | "open" | "lost";

const PING_MS = 2000;
const SILENT_MS = 6000;
const AGAIN_MS = [250, 500, 1000, 2000, 4000];

export class Stream {
  readonly changed = new Signal();
  phase: Phase = "off";
  why = "";
  lostAt = 0;
  heardAt = 0;
  seq = 0;
  reconnects = 0;
  /** received: changes that came. conflated: left out on purpose, of topics whose newest is enough. lost: neither;
   *  they are asked for again. */
  readonly counts = { received: 0, conflated: 0, lost: 0, snapshots: 0, resumed: 0 };
  /** Changes that came, by kind of topic. */
  readonly receivedOf: Record<string, number> = {};
  private socket: WebSocket | null = null;
  private token: () => string = () => "";
  private stream = "";
  private readonly after = new Map<string, number>();
  private readonly seqs = new Map<string, number>();
  private readonly partial = new Map<string, Row[]>();
  private tries = 0;
  private timer = 0;
  private pinger = 0;
  private pingedAt = 0;
  private readonly replaying = new Set<string>();
  /** Topics that go on after their last number once the engine says so; until then what comes is after a gap. */
  private readonly mending = new Set<string>();

  constructor(private readonly topics: string[], private readonly taker: Taker) {}

  open(token: () => string): void {
    this.token = token;
    this.close();
    this.connect();
  }

  /** Without a token nobody is told anything; what is here is forgotten. */
  close(): void {
    clearTimeout(this.timer);
    clearInterval(this.pinger);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    this.forget();
    this.stream = "";
    this.tries = 0;
    this.enter("off");
  }

  /** The token was renewed. */
  renewed(): void {
    if (this.phase === "open") this.say({ op: "auth", token: this.token() });
  }

  private connect(): void {
    this.enter("connecting");
    const socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/stream`);
    this.socket = socket;
    this.heardAt = this.pingedAt = performance.now();
    socket.onopen = () => this.say({ op: "auth", token: this.token() });
    socket.onmessage = (event) => socket === this.socket && this.take(JSON.parse(event.data as string));
    socket.onclose = (event) => socket === this.socket && this.lost(event.reason || `closed (${event.code})`);
    clearInterval(this.pinger);
    this.pinger = window.setInterval(() => this.ping(), PING_MS);
  }

  private ping(): void {
    const now = performance.now();
    // A page that stood still, or is hidden, has not read what came: that is not the stream's silence.
    if (now - this.pingedAt > 2 * PING_MS) this.heardAt = now;
    this.pingedAt = now;
    if (now - this.heardAt > SILENT_MS) {
      const socket = this.socket;
      this.lost("the stream is silent");
      socket?.close();
    } else if (this.phase === "open") this.say({ op: "ping" });
  }

  private lost(why: string): void {
    clearInterval(this.pinger);
    this.socket = null;
    this.why = why;
    if (this.phase === "open") this.reconnects += 1;
    if (!this.lostAt) this.lostAt = Date.now();
    this.partial.clear();
    this.mending.clear();
    this.enter("lost");
    const wait = AGAIN_MS[Math.min(this.tries, AGAIN_MS.length - 1)]!;
    this.tries += 1;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => this.connect(), wait);
  }

  private say(message: Values): void {
    if (this.socket?.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  private enter(phase: Phase): void {
    if (phase === "open") {
      this.tries = 0;
      this.lostAt = 0;
      this.why = "";
    }
    this.phase = phase;
    this.changed.tell();
  }

  private take(message: Values): void {
    this.heardAt = performance.now();
    if (message.type === "deltas") for (const part of message.topics as Part[]) this.part(part);
    else if (message.type === "snapshot") this.snapshot(message);
    else if (message.type === "pong") this.seq = Math.max(this.seq, message.seq as number);
    else if (message.type === "welcome") this.welcome(message);
    else if (message.type === "subscribed") this.subscribed(message);
    else if (message.type === "error") this.refused(message);
  }

  private welcome(message: Values): void {
    this.seq = message.seq as number;
    if (this.phase === "open") return;
    if (this.stream && this.stream !== message.stream) {
      this.forget();
      this.taker.anew();
    }
    this.stream = message.stream as string;
    this.say({ op: "subscribe", topics: this.topics, after: Object.fromEntries(this.after), stream: this.stream });
    this.enter("open");
  }

  private forget(): void {
    for (const each of [this.after, this.seqs, this.partial, this.replaying, this.mending]) each.clear();
  }

  private subscribed(message: Values): void {
    for (const { topic, resumed } of message.topics as { topic: string; resumed: boolean }[]) {
      this.mending.delete(topic);
      if (resumed) this.counts.resumed += 1;
      else if (this.seqs.has(topic)) this.replaying.add(topic);
    }
  }

  private refused(message: Values): void {
    this.why = String(message.message);
    if (message.code === "auth") this.socket?.close();
    this.changed.tell();
  }

  private snapshot(message: Values): void {
    const topic = message.topic as string;
    const parts = message.first ? [] : (this.partial.get(topic) ?? []);
    for (const { key, values, seq, time_ns: timeNs } of message.rows as Told[]) {
      parts.push({ key, topic, seq: seq ?? (message.seq as number), timeNs: timeNs ?? "", values });
    }
    if (message.more) {
      this.partial.set(topic, parts);
      return;
    }
    this.partial.delete(topic);
    this.counts.snapshots += 1;
    const knownSeq = this.seqs.get(topic) ?? 0;
    this.after.set(topic, message.n as number);
    this.seqs.set(topic, message.seq as number);
    this.taker.snapshot(topic, parts);
    if (this.replaying.delete(topic)) this.taker.missed(topic, knownSeq);
  }

  private part(part: Part): void {
    const { topic } = part;
    if (this.mending.has(topic)) return;
    const before = this.after.get(topic) ?? 0;
    const changes = part.changes.filter((change) => change.n > before);
    const lost = part.n - before - part.changes.length - part.conflated;
    if (lost > 0) {
      this.counts.lost += lost;
      this.mend(topic, before);
      return;
    }
    this.counts.received += changes.length;
    this.counts.conflated += part.conflated;
    const kind = topic.split(":", 1)[0]!;
    this.receivedOf[kind] = (this.receivedOf[kind] ?? 0) + changes.length;
    this.after.set(topic, Math.max(part.n, before));
    for (const { key, seq, values, time_ns: timeNs, gone } of changes) {
      this.seq = Math.max(this.seq, seq);
      this.seqs.set(topic, seq);
      this.taker.change(topic, { key, topic, seq, timeNs, values }, !!gone);
    }
  }

  /** What is missing would not come by itself: the topic goes on after what is here. */
  private mend(topic: string, after: number): void {
    this.mending.add(topic);
    this.say({ op: "subscribe", topics: [topic], after: { [topic]: after }, stream: this.stream });
  }
}
