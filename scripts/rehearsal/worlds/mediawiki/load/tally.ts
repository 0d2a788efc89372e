import type { LoadSummary } from "../../../core/load/messages";
import type { ChangeStatus } from "./history";

/** What readers and editors met with, in one stretch of time. */
export interface Figures {
  views: { served: number; failed: number; maxMs: number };
  /** Edits, creations and moves. */
  edits: { acknowledged: number; failed: number; unknown: number; maxWaitMs: number };
  uploads: { acknowledged: number; failed: number; unknown: number; maxWaitMs: number };
  /** How often somebody found themselves logged out. */
  loggedOut: number;
  /** Page views not begun because too many were under way. */
  viewsLeftOut: number;
}

/** Something that a reader or editor would complain about. */
export interface Complaint {
  /** Epoch in milliseconds. */
  t: number;
  what: "view" | "edit" | "upload" | "loggedOut";
  title: string;
  reason: string;
}

export interface WikiLoadSummary extends LoadSummary<Figures> {
  /** The first fifty. */
  complaints: Complaint[];
  historyFile: string;
  requestsFile: string;
}

export function noFigures(): Figures {
  return {
    views: { served: 0, failed: 0, maxMs: 0 },
    edits: { acknowledged: 0, failed: 0, unknown: 0, maxWaitMs: 0 },
    uploads: { acknowledged: 0, failed: 0, unknown: 0, maxWaitMs: 0 },
    loggedOut: 0,
    viewsLeftOut: 0,
  };
}

const MOST_COMPLAINTS = 50;

/** Counts from the start and from each mark on. */
export class Tally {
  readonly total = noFigures();
  readonly since: Record<string, Figures> = {};
  readonly complaints: Complaint[] = [];

  mark(name: string): void {
    this.since[name] = noFigures();
  }

  view(ok: boolean, latencyMs: number): void {
    for (const { views } of this.running()) {
      views[ok ? "served" : "failed"]++;
      views.maxMs = Math.max(views.maxMs, Math.round(latencyMs));
    }
  }

  viewLeftOut(): void {
    for (const figures of this.running()) figures.viewsLeftOut++;
  }

  change(what: "edits" | "uploads", status: ChangeStatus, latencyMs: number): void {
    for (const figures of this.running()) {
      figures[what][status === "ok" ? "acknowledged" : status]++;
      figures[what].maxWaitMs = Math.max(figures[what].maxWaitMs, Math.round(latencyMs));
    }
  }

  loggedOut(): void {
    for (const figures of this.running()) figures.loggedOut++;
  }

  complain(complaint: Complaint): void {
    if (this.complaints.length < MOST_COMPLAINTS) this.complaints.push(complaint);
  }

  private running(): Figures[] {
    return [this.total, ...Object.values(this.since)];
  }
}
