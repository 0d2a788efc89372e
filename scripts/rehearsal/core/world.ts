import type { Rung } from "./ladder";
import type { CopyFact } from "./predictions";
import type { Pulumi } from "./pulumi";
import type { ReportParts } from "./report/parts";
import type { FlipFact, HostAction, RehearsalFacts } from "./report/types";
import type { Say } from "./say";

/** What the servers' journals tell of a rehearsal. */
export interface JournalFacts {
  /** In order. */
  flips: FlipFact[];
  restart: RehearsalFacts["restart"];
  hosts: HostAction[];
  /** None where there was no copy. */
  copy: CopyFact | undefined;
  /** From the end of the copy until green followed; none where that did not come. In milliseconds. */
  catchUpMs: number | undefined;
}

/** How far the load is in what a rehearsal has to show. */
export interface LoadProgress {
  /** Such as `812 of 1000 edits, 61 of 50 uploads`. */
  text: string;
  enough: boolean;
  /** Whether nobody makes requests any more. */
  over: boolean;
}

/**
 * What one kind of application brings to its rehearsal: an old side to move, people who use it, and a judge who looks
 * up what they were told. The core climbs the ladder, and writes the report.
 */
export interface World<Facts extends RehearsalFacts> {
  readonly ladder: readonly Rung[];
  readonly report: ReportParts<Facts>;
  /** Of its files in reports/, such as `rehearsal`. */
  readonly reportName: string;
  /** As given on the command line, for the report. */
  readonly options: Record<string, string | number>;
  /** What people need to go on by hand after this rung: names and values. */
  addresses(rung: Rung): [name: string, value: string][];
  /** Prepares this machine: engines, plugins, images. */
  setUp(): Promise<unknown>;
  /** Removes what an earlier rehearsal left, and makes the old side. @throws where things of others are in the way */
  make(say: Say): Promise<void>;
  /** Writes into the stage's config what an owner would, secrets included. */
  configure(pulumi: Pulumi): Promise<void>;
  /** Gives green these settings of the application at the next `pulumi up`. */
  applySettings(settings: string): void;
  /** People begin, at the old side's own address. */
  startLoad(): Promise<string>;
  /** They come through the gate from now on. */
  turnLoad(): Promise<void>;
  loadProgress(): LoadProgress;
  /** How to give it more time, or ask for less. */
  readonly moreLoad: string;
  /** Ends the load, if there is one. */
  endLoad(): Promise<void>;
  /** Looks up everything that people were told, keeps what it found, and says it in one line. */
  judge(when: string): Promise<string>;
  /** What the servers tell afterwards. Throws if they can't be asked. */
  journal(pulumi: Pulumi): Promise<JournalFacts>;
  /** The core's facts with those of the application. */
  facts(core: RehearsalFacts): Promise<Facts>;
}
