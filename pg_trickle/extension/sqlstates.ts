// The extension's own SQLSTATEs: each is raised somewhere in sql/ and declared here once. docs/reference/errors.md is made from this
// table, and a test holds it against what the sources raise. What a code means for a rewind, terminal or to be tried again, says
// operator/database/sqlstate.ts; a test there wants an answer for each.

export interface TrickleState {
  readonly means: string;
  readonly wayOut: string;
}

export const TRICKLE_STATES: Readonly<Record<string, TrickleState>> = {
  TR001: { means: "No stream table has that name.", wayOut: "The hint lists those that there are." },
  TR002: { means: "The name fits several stream tables.", wayOut: "Give the schema." },
  TR003: { means: "The value is not a frontier.", wayOut: "The hint shows a whole statement that works." },
  TR004: { means: "The snapshot or the time is in the future.", wayOut: "Take one in the range of the hint." },
  TR005: {
    means: "The snapshot has expired.",
    wayOut: "Take one in the range of the hint; strategy `Journal` reaches the ends of earlier refreshes.",
  },
  TR006: { means: "The frontier has different snapshots for its sources.", wayOut: "Give one snapshot for all." },
  TR007: { means: "The table is not paused.", wayOut: "`select pgtrickle.pause_scheduler(…)` first." },
  TR008: {
    means: "Somebody else holds the table, such as a `StreamTableRewind`.",
    wayOut: "Wait; the message names the holder.",
  },
  TR009: {
    means: "The query is refused, or refused in this mode. DETAIL has the code of the reason.",
    wayOut: "Change the query as the hint says, or take mode `FULL`.",
  },
  TR010: {
    means: "The rows would not be the query's. Nothing was published.",
    wayOut: "As the hint says.",
  },
  TR011: {
    means: "An assertion gave false, NULL or an error. Nothing was published.",
    wayOut: "Is the target the wrong one, or the assertion?",
  },
  TR012: {
    means: "A pause, an edit of the frontier, another query or another refresh came first.",
    wayOut: "Look, and try again.",
  },
  TR013: {
    means: "A stream table was to be changed directly.",
    wayOut:
      "Change its source. To change its columns: `pgtrickle.alter_stream_table(…, query => …)`. To drop it: `pgtrickle.drop_stream_table(…)`.",
  },
  TR014: {
    means:
      "The lake engine cannot be reached, no lake is attached, or its catalog is of a DuckLake that the engine does not know, or has its files elsewhere.",
    wayOut:
      "Start the engine, or `pgtrickle.attach_lake(…)`; of version and data path, as the message says. Strategy `Journal` and level `fingerprint` work without it.",
  },
  TR015: {
    means: "To the operator only: another operator has claimed the rewind since.",
    wayOut: "None needed: the newer claim goes on.",
  },
  TR016: {
    means:
      "A source is not a lake table, was dropped, did not exist at that snapshot, or lacked a column of the query there.",
    wayOut: "As the hint says.",
  },
  TR017: {
    means: "This database was restored from a dump.",
    wayOut: "`select pgtrickle.adopt()`, once no other database uses the same data path.",
  },
  TR018: {
    means: "That strategy, step or level is not possible here.",
    wayOut: "Take `Auto`, or what the hint names.",
  },
  TR019: {
    means: "To the operator only: the repair is in the lake already.",
    wayOut: "None needed: it goes on with the replay.",
  },
  TR020: {
    means: "Repair SQL did what a repair may not do.",
    wayOut: "A repair changes source tables, nothing else.",
  },
  TR021: { means: "An argument is not valid.", wayOut: "The hint shows one that is." },
  TR022: {
    means: "The lake gives other rows at that snapshot than were published and recorded there. Nothing was published.",
    wayOut: "Strategy `Journal` takes the published rows, `accept_contradiction => true` the lake's.",
  },
  TR023: {
    means: "To the operator only: a time that comes within the next minute.",
    wayOut: "None needed: it is waited for.",
  },
  TR040: {
    means: "The guard has refused a lake client's commit that would have lost or doubled rows. Nothing was changed.",
    wayOut: "Run it again, as the hint says.",
  },
  TR041: {
    means:
      "The lake's rows and its catalog contradict each other (the message has both numbers), or the guard has recorded that this snapshot is wrong. Nothing was published.",
    wayOut:
      "Strategy `Journal`, another snapshot, or `select * from pgtrickle.inspect_lake()`. What passes is tried again by itself.",
  },
};

/** What the DETAIL of TR009 names, beside the codes of the lake engine. */
export const REFUSED_QUERIES: Readonly<Record<string, string>> = {
  HIDDEN_KEY: "a GROUP BY expression that is not among the columns, in mode `DIFFERENTIAL`",
  HIDDEN_NAME: "a WITH has the name of a table that the query reads, where PostgreSQL has to run it",
  REFUSED: "a query that the lake engine refuses, for a reason without a code",
  RESERVED_COLUMN: "a column with a name that the extension needs itself",
  SAME_NAME: "two tables of one name in different schemas, where PostgreSQL has to run the query",
  USER_OBJECT: "a function, an operator, a type or a collation of this database",
  VOLATILE: "what depends on the time or the session",
};
