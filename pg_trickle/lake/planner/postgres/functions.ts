/** What PostgreSQL's tree does not tell of a function: whether it is an aggregate, and whether its answer depends on the order of rows. */

/** All of PostgreSQL 18 (`pg_proc.prokind`); a test compares. */
export const AGGREGATES: ReadonlySet<string> = new Set(
  (
    "any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp cume_dist dense_rank every " +
    "json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique json_object_agg_unique_strict jsonb_agg " +
    "jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique jsonb_object_agg_unique_strict max min mode " +
    "percent_rank percentile_cont percentile_disc range_agg range_intersect_agg rank regr_avgx regr_avgy regr_count regr_intercept " +
    "regr_r2 regr_slope regr_sxx regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance xmlagg"
  ).split(" "),
);

/** Aggregates that give what they met in the order in which they met it. */
export const ORDERED_AGGREGATES: ReadonlySet<string> = new Set(
  (
    "any_value array_agg json_agg json_agg_strict json_object_agg json_object_agg_strict json_object_agg_unique " +
    "json_object_agg_unique_strict jsonb_agg jsonb_agg_strict jsonb_object_agg jsonb_object_agg_strict string_agg xmlagg"
  ).split(" "),
);

/** Window functions that tell rows apart which the window's order does not. */
export const ROW_BY_ROW: ReadonlySet<string> = new Set(
  "first_value lag last_value lead nth_value ntile row_number".split(" "),
);

/** Nodes that are aggregates with a syntax of their own. */
export const AGGREGATE_NODES: readonly string[] = ["JsonArrayAgg", "JsonObjectAgg"];
